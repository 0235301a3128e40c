import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { BootManifest } from '../../fleet/boot-manifest.ts';
import { connectAzure } from '../../node-agent/boot/azure-source.ts';
import type { BootEnd } from '../../node-agent/boot/boot.ts';
import { connectGcp } from '../../node-agent/boot/gcp-source.ts';
import { instanceDocument, tokenDocument } from './support/azure-imds.ts';
import { AGENT, BootRig, SECRET } from './support/boot-rig.ts';
import type { Answer, ReceivedRequest } from './support/local-server.ts';

const SOURCE: BootManifest['source'] = {
  kind: 'azure',
  store: 'https://account.blob.core.windows.net',
  secrets: { keys: 'secrets/keys' },
};

/** What all clouds have alike is tried on AWS (boot-program.test.ts). */
describe('boot on Azure', () => {
  let rig: BootRig;
  /** How often the blob store says that a new role is not heard of yet. */
  let unheard: number;

  beforeEach(async () => {
    unheard = 0;
    rig = await BootRig.create(regular);
  });
  afterEach(() => rig.close());

  const OBJECT = '/account/software/agent';
  const SECRET_PATH = '/account/secrets/keys';
  const TOKEN = '/metadata/identity/oauth2/token';
  const INSTANCE = '/metadata/instance';
  const refusal = (status: number, code: string): Answer => ({
    status,
    headers: { 'x-ms-error-code': code },
    body: `\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>It says so.\nRequestId:1</Message></Error>`,
  });

  function regular({ path, headers }: ReceivedRequest): Answer {
    if (path.startsWith('/metadata/')) {
      if (headers.metadata !== 'true') return { status: 400, body: 'Required metadata header not specified' };
      return { status: 200, body: path === TOKEN ? tokenDocument('t') : instanceDocument() };
    }
    assert.equal(headers.authorization, 'Bearer t');
    assert.ok(headers['x-ms-version'], 'tokens are taken with a version only');
    if (unheard-- > 0) return refusal(403, 'AuthorizationPermissionMismatch');
    if (path === OBJECT) return { status: 200, body: AGENT };
    if (path === SECRET_PATH) return { status: 200, body: SECRET };
    return refusal(404, 'BlobNotFound');
  }

  const run = (source?: BootManifest['source'], connect = connectAzure): Promise<BootEnd> =>
    rig.run(source ?? SOURCE, connect, {
      AZURE_POD_IDENTITY_AUTHORITY_HOST: rig.url,
      AZURE_STORAGE_BLOB_ENDPOINT: `${rig.url}/account`,
    });

  it('knows its machine, fetches what was deployed, and fills in its secrets', async () => {
    assert.equal(await run(), 'all', rig.failure);
    assert.equal(await rig.read('program'), AGENT);
    const machine = '13f56399-bd52-4150-9748-7190aae1ff21';
    assert.equal(await rig.read('agent'), `ebbtide-media_3 ${machine} 2 10.0.0.7`);
    assert.equal(await rig.read('media'), `keys:\n  ${SECRET}\n`);
  });

  it('a machine without a zone is in its region', async () => {
    rig.instead.set(INSTANCE, { status: 200, body: instanceDocument({ zone: '' }) });
    assert.equal(await run(), 'all', rig.failure);
    assert.match(await rig.read('agent'), / westeurope 10\.0\.0\.7$/);
  });

  it('a role that is not heard of yet is waited for, like an identity that is not there yet', async () => {
    unheard = 3;
    rig.instead.set(TOKEN, { status: 400, body: '{"error":"invalid_request"}' });
    rig.patienceMs = 20_000;
    setTimeout(() => rig.instead.clear(), 30);
    assert.equal(await run(), 'all', rig.failure);
    const reasons = rig.lines.filter(({ event }) => event === 'boot-retries').map(({ reason }) => reason);
    assert.ok(reasons.some((reason) => /AuthorizationPermissionMismatch/.test(String(reason))));
  });

  it('asks with the one identity that it was told of', async () => {
    await run({ ...SOURCE, identity: '/identities/node' });
    const { url } = rig.requests.find(({ path }) => path === TOKEN) ?? assert.fail();
    assert.equal(url.searchParams.get('msi_res_id'), '/identities/node');
    assert.equal(url.searchParams.get('resource'), 'https://storage.azure.com/');
  });

  it('a second boot fetches nothing that is in place', async () => {
    await run();
    rig.requests.length = 0;
    assert.equal(await run(), 'all');
    assert.ok(!rig.requests.some(({ path }) => path === OBJECT));
  });

  const fails: [string, string, Answer, BootEnd, RegExp][] = [
    ['no such blob', OBJECT, refusal(404, 'BlobNotFound'), 'none', /software\/agent.*deploy the stack again/],
    ['no such container', OBJECT, refusal(404, 'ContainerNotFound'), 'none', /ContainerNotFound/],
    ['no right to read it', OBJECT, refusal(403, 'AuthorizationPermissionMismatch'), 'none', /HTTP 403/],
    ['another blob than was deployed', OBJECT, { status: 200, body: 'x' }, 'none', /not what was deployed/],
    ['no such secret', SECRET_PATH, refusal(404, 'BlobNotFound'), 'some', /secrets\/keys/],
    ['no managed identity', TOKEN, { status: 404 }, 'none', /no managed identity/],
    [
      'a token service that gives something else',
      TOKEN,
      { status: 200, body: `{"access_token":{"quite-secret":1}}` },
      'none',
      /no access token: .*something else/,
    ],
    [
      'a machine without a name',
      INSTANCE,
      { status: 200, body: '{"compute":{}}' },
      'none',
      /instance: .*name/,
    ],
    ['a metadata service that is out', INSTANCE, { status: 503 }, 'none', /instance: HTTP 503/],
  ];
  for (const [given, path, answer, end, says] of fails) {
    it(`${given}: ${end === 'some' ? 'the agent runs' : 'there is no agent'}, and the log says why`, async () => {
      rig.instead.set(path, answer);
      assert.equal(await run(), end);
      assert.match(rig.failure, says);
      assert.ok(!JSON.stringify(rig.lines).includes('quite-secret'));
    });
  }

  it('refuses the manifest of another cloud, as the others refuse its', async () => {
    assert.equal(await run({ kind: 'gcp', project: 'p', bucket: 'b', secrets: {} }), 'none');
    assert.match(rig.failure, /boots nodes on Azure, not on gcp/);
    rig.lines = [];
    assert.equal(await run(undefined, connectGcp), 'none');
    assert.match(rig.failure, /boots nodes on GCP, not on azure/);
  });
});
