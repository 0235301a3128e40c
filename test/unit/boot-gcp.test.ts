import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { BootManifest } from '../../fleet/boot-manifest.ts';
import { connectAws } from '../../node-agent/boot/aws-source.ts';
import type { BootEnd } from '../../node-agent/boot/boot.ts';
import { connectGcp } from '../../node-agent/boot/gcp-source.ts';
import { AGENT, BootRig, SECRET } from './support/boot-rig.ts';
import type { Answer, ReceivedRequest } from './support/local-server.ts';

const SOURCE = {
  kind: 'gcp',
  project: 'p-1',
  bucket: 'pool-bucket',
  secrets: { keys: 'media-keys' },
} as const;
const GOOGLE = { 'metadata-flavor': 'Google' };

/** What all clouds have alike is tried on AWS (boot-program.test.ts). */
describe('boot on GCP', () => {
  let rig: BootRig;

  beforeEach(async () => {
    rig = await BootRig.create(regular);
  });
  afterEach(() => rig.close());

  const OBJECT = '/storage/v1/b/pool-bucket/o/software/agent';
  const SECRET_PATH = '/v1/projects/p-1/secrets/media-keys/versions/latest:access';
  const METADATA: Record<string, string> = {
    'instance/name': 'ebbtide-media-x1z2',
    'instance/id': '4711',
    'instance/zone': 'projects/123/zones/europe-west1-b',
    'instance/network-interfaces/0/ip': '10.0.0.7',
    'instance/service-accounts/default/token': '{"access_token":"t","expires_in":3600}',
  };

  function regular({ path, headers }: ReceivedRequest): Answer {
    if (path.startsWith('/computeMetadata/')) {
      const body = METADATA[path.replace('/computeMetadata/v1/', '')];
      return body === undefined ? { status: 404, headers: GOOGLE } : { status: 200, body, headers: GOOGLE };
    }
    assert.equal(headers.authorization, 'Bearer t');
    if (path === OBJECT) return { status: 200, body: AGENT };
    if (path === SECRET_PATH) {
      const data = Buffer.from(SECRET).toString('base64');
      return { status: 200, body: JSON.stringify({ name: 'n', payload: { data } }) };
    }
    return { status: 404, body: 'No such object' };
  }

  const run = (source: BootManifest['source'] = SOURCE, connect = connectGcp): Promise<BootEnd> =>
    rig.run(source, connect, {
      GCE_METADATA_HOST: new URL(rig.url).host,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: rig.url,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER: rig.url,
    });

  it('knows its machine, fetches what was deployed, and fills in its secrets', async () => {
    assert.equal(await run(), 'all', rig.failure);
    assert.equal(await rig.read('program'), AGENT);
    assert.equal(await rig.read('agent'), 'ebbtide-media-x1z2 4711 europe-west1-b 10.0.0.7');
    assert.equal(await rig.read('media'), `keys:\n  ${SECRET}\n`);
  });

  it('a second boot fetches nothing that is in place', async () => {
    await run();
    rig.requests.length = 0;
    assert.equal(await run(), 'all');
    assert.ok(!rig.requests.some(({ path }) => path === OBJECT));
  });

  const fails: [string, string, Answer, BootEnd, RegExp][] = [
    ['no such object', OBJECT, { status: 404, body: 'No such object' }, 'none', /deploy the stack again/],
    ['no right to read it', OBJECT, { status: 403, body: 'no access' }, 'none', /HTTP 403: no access/],
    [
      'another object than the one deployed',
      OBJECT,
      { status: 200, body: 'x' },
      'none',
      /not what was deployed/,
    ],
    ['no right to a secret', SECRET_PATH, { status: 403 }, 'some', /media-keys.*HTTP 403/],
    ['no such secret', SECRET_PATH, { status: 404 }, 'some', /media-keys.*HTTP 404/],
    [
      'a secret that is none',
      SECRET_PATH,
      { status: 200, body: SECRET },
      'some',
      /secret media-keys: the answer is none/,
    ],
    [
      'no service account',
      '/computeMetadata/v1/instance/service-accounts/default/token',
      { status: 404 },
      'none',
      /no service account/,
    ],
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
    const aws = { kind: 'aws', region: 'eu-west-1', bucket: 'b', parameters: {} } as const;
    assert.equal(await run(aws), 'none');
    assert.match(rig.failure, /boots nodes on GCP, not on aws/);
    rig.lines = [];
    assert.equal(await run(SOURCE, connectAws), 'none');
    assert.match(rig.failure, /boots nodes on AWS, not on gcp/);
  });
});
