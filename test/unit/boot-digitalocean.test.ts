import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as v from 'valibot';
import type { BootManifest } from '../../fleet/boot-manifest.ts';
import { announcedNode, announcementSchema } from '../../fleet/digitalocean/announcement.ts';
import { deriveStatusKey } from '../../fleet/status-signature.ts';
import { connectAzure } from '../../node-agent/boot/azure-source.ts';
import type { BootEnd } from '../../node-agent/boot/boot.ts';
import { connectDigitalOcean } from '../../node-agent/boot/digitalocean-source.ts';
import { AGENT, BootRig, SECRET } from './support/boot-rig.ts';
import type { Answer, ReceivedRequest } from './support/local-server.ts';

const SOURCE: BootManifest['source'] = {
  kind: 'digitalocean',
  region: 'fra1',
  bucket: 'ebbtide-media-code',
  secrets: { keys: 'secrets/keys' },
};
const POOL_SECRET = 'a secret of the pool that nobody can guess';
const DROPLET = {
  node: 'ebbtide-media-0a1b2c3d',
  statusKey: deriveStatusKey(POOL_SECRET, 'ebbtide-media-0a1b2c3d'),
  spaces: { accessKeyId: 'DO00EXAMPLE', secretAccessKey: 'quite-secret' },
  wake: { url: '', secret: 'quite-secret' },
};
const WAKE = '/web/orchestrator';

/** What all clouds have alike is tried on AWS (boot-program.test.ts). */
describe('boot on DigitalOcean', () => {
  let rig: BootRig;

  const OBJECT = '/ebbtide-media-code/software/agent';
  const SECRET_PATH = '/ebbtide-media-code/secrets/keys';
  const ID = '/metadata/v1/id';
  const ADDRESS = '/metadata/v1/interfaces/private/0/ipv4/address';
  const FACTS: Record<string, string> = {
    [ID]: '4711\n',
    '/metadata/v1/region': 'fra1',
    [ADDRESS]: '10.0.0.7',
  };
  const refusal = (status: number, code: string): Answer => ({
    status,
    body: `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`,
  });

  beforeEach(async () => {
    rig = await BootRig.create(regular);
    const wake = { ...DROPLET.wake, url: `${rig.url}${WAKE}` };
    await rig.put('/etc/ebbtide/droplet.json', JSON.stringify({ ...DROPLET, wake }));
  });
  afterEach(() => rig.close());

  function regular({ path, headers }: ReceivedRequest): Answer {
    if (path === WAKE) return { status: headers['x-require-whisk-auth'] === 'quite-secret' ? 200 : 401 };
    const fact = FACTS[path];
    if (fact !== undefined) return { status: 200, body: fact };
    assert.match(headers.authorization ?? '', /Credential=DO00EXAMPLE\/\d{8}\/fra1\/s3\/aws4_request/);
    if (path === OBJECT) return { status: 200, body: AGENT };
    if (path === SECRET_PATH) return { status: 200, body: SECRET };
    return refusal(404, 'NoSuchKey');
  }

  const run = (source?: BootManifest['source'], connect = connectDigitalOcean): Promise<BootEnd> =>
    rig.run(source ?? SOURCE, connect, { EBBTIDE_DROPLET_METADATA: rig.url, SPACES_ENDPOINT_URL: rig.url });

  it('knows its machine, fetches what was deployed, and fills in its secrets', async () => {
    assert.equal(await run(), 'all', rig.failure);
    assert.equal(await rig.read('program'), AGENT);
    assert.equal(await rig.read('agent'), 'ebbtide-media-0a1b2c3d 4711 fra1 10.0.0.7');
    assert.equal(await rig.read('media'), `keys:\n  ${SECRET}\n`);
  });

  it('waits for a metadata service and for keys that are not there yet', async () => {
    rig.instead.set(ID, { status: 503 });
    rig.instead.set(OBJECT, refusal(403, 'InvalidAccessKeyId'));
    rig.patienceMs = 20_000;
    setTimeout(() => rig.instead.clear(), 30);
    assert.equal(await run(), 'all', rig.failure);
  });

  it('a second boot fetches nothing that is in place', async () => {
    await run();
    rig.requests.length = 0;
    assert.equal(await run(), 'all');
    assert.ok(!rig.requests.some(({ path }) => path === OBJECT));
  });

  const fails: [string, string, Answer, BootEnd, RegExp][] = [
    [
      'no such object',
      OBJECT,
      refusal(404, 'NoSuchKey'),
      'none',
      /software\/agent is not in bucket .*deploy/,
    ],
    ['no such bucket', OBJECT, refusal(404, 'NoSuchBucket'), 'none', /is not in bucket ebbtide-media-code/],
    ['keys without the right', OBJECT, refusal(403, 'AccessDenied'), 'none', /AccessDenied/],
    ['another object than was deployed', OBJECT, { status: 200, body: 'x' }, 'none', /not what was deployed/],
    ['no such secret', SECRET_PATH, refusal(404, 'NoSuchKey'), 'some', /secrets\/keys/],
    ['a metadata service that is out', ID, { status: 503 }, 'none', /metadata service: id: HTTP 503/],
    [
      'another service in its place',
      ID,
      { status: 200, body: '<html>' },
      'none',
      /id: not what it should be/,
    ],
    [
      'a droplet without a private address',
      ADDRESS,
      { status: 404 },
      'none',
      /there is no interfaces\/private/,
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

  it('tells the orchestrator that it is about to take calls: after its agent is there, before anything of media is', async () => {
    await run();
    const paths = rig.requests.map(({ path }) => path);
    const at = paths.indexOf(WAKE);
    assert.ok(at > paths.indexOf(OBJECT) && at < paths.indexOf(SECRET_PATH), paths.join());
    const announcement = v.parse(announcementSchema, JSON.parse(rig.requests[at]?.body ?? ''));
    assert.equal(announcedNode(POOL_SECRET, announcement), DROPLET.node);
    assert.ok(!rig.requests[at]?.body.includes(DROPLET.statusKey));
  });

  it('waits for an orchestrator that does not answer yet', async () => {
    rig.instead.set(WAKE, { status: 502 });
    rig.patienceMs = 20_000;
    setTimeout(() => rig.instead.clear(), 30);
    assert.equal(await run(), 'all', rig.failure);
  });

  for (const [given, status, says] of [
    [
      'an orchestrator that never hears it',
      500,
      /has not taken the announcement of ebbtide-media-0a1b2c3d: HTTP 500/,
    ],
    ['one that has turned to something else meanwhile', 202, /HTTP 202/],
  ] as const) {
    it(`${given}: the agent runs, and no media is started`, async () => {
      rig.instead.set(WAKE, { status });
      assert.equal(await run(), 'some');
      assert.match(rig.failure, says);
      await assert.rejects(rig.read('media'));
      assert.ok(!rig.requests.some(({ path }) => path === SECRET_PATH));
    });
  }

  it('starts no media, and has failed in nothing, where it is decided already that the node leaves', async () => {
    rig.instead.set(WAKE, { status: 410 });
    assert.equal(await run(), 'agent-only');
    assert.deepEqual(
      rig.lines.filter(({ level }) => level !== 'info'),
      [],
    );
    await assert.rejects(rig.read('media'));
    assert.ok(!rig.requests.some(({ path }) => path === SECRET_PATH));
    assert.equal(rig.requests.filter(({ path }) => path === WAKE).length, 1);
    // By the next time that it boots, it may be wanted again.
    rig.instead.clear();
    assert.equal(await run(), 'all', rig.failure);
  });

  it('asks once for what is not there: another try would only repeat it', async () => {
    rig.instead.set(OBJECT, refusal(404, 'NoSuchKey'));
    await run();
    assert.equal(rig.requests.filter(({ path }) => path === OBJECT).length, 1);
  });

  for (const [given, text] of [
    ['that was not filled in', JSON.stringify({ ...DROPLET, statusKey: '@@EBBTIDE_STATUS_KEY@@' })],
    ['that breaks off', '{"node":"ebbtide-media-1","spaces":{"secretAccessKey":"quite-secret"'],
  ] as const) {
    it(`a droplet’s file ${given}: nothing is fetched, and the log says why, and no secret`, async () => {
      await rig.put('/etc/ebbtide/droplet.json', text);
      assert.equal(await run(), 'none');
      assert.match(rig.failure, /droplet\.json is not what a droplet's user-data brings/);
      assert.ok(!JSON.stringify(rig.lines).includes('quite-secret'));
      assert.deepEqual(rig.requests, []);
    });
  }

  it('refuses the manifest of another cloud, as the others refuse its', async () => {
    assert.equal(await run({ kind: 'gcp', project: 'p', bucket: 'b', secrets: {} }), 'none');
    assert.match(rig.failure, /boots nodes on DigitalOcean, not on gcp/);
    rig.lines = [];
    assert.equal(await run(undefined, connectAzure), 'none');
    assert.match(rig.failure, /boots nodes on Azure, not on digitalocean/);
  });
});
