import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { BootManifest } from '../../fleet/boot-manifest.ts';
import { connectAws } from '../../node-agent/boot/aws-source.ts';
import { type BootEnd, boot } from '../../node-agent/boot/boot.ts';
import { connectGcp } from '../../node-agent/boot/gcp-source.ts';
import {
  type Answer,
  type LocalServer,
  type ReceivedRequest,
  startLocalServer,
} from './support/local-server.ts';

const AGENT = 'the agent';
const SECRET = 'key1: "quite-secret"';
const SOURCE = {
  kind: 'gcp',
  project: 'p-1',
  bucket: 'pool-bucket',
  secrets: { keys: 'media-keys' },
} as const;
const GOOGLE = { 'metadata-flavor': 'Google' };

/** What all clouds have alike is tried on AWS (boot-program.test.ts). */
describe('boot on GCP', () => {
  let root: string;
  let server: LocalServer;
  let instead: Map<string, Answer>;
  let lines: Record<string, unknown>[];

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'ebbtide-boot-'));
    instead = new Map();
    lines = [];
    server = await startLocalServer((request) => instead.get(request.path) ?? regular(request));
    await put('/bin/systemctl', '#!/bin/sh\nexit 0\n');
    await chmod(join(root, '/bin/systemctl'), 0o755);
    await put('/etc/ebbtide/agent.tmpl', '{{node}} {{instanceId}} {{zone}} {{nodeIp}}');
    await put('/etc/ebbtide/media.tmpl', 'keys:\n  {{keys}}\n');
  });
  afterEach(async () => {
    await server.close();
    await rm(root, { recursive: true });
  });

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

  async function put(path: string, content: string): Promise<void> {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), content);
  }
  const read = (path: string) => readFile(join(root, path), 'utf8');
  const failure = () => String(lines.find(({ event }) => event === 'boot-failed')?.reason);

  async function run(source: BootManifest['source'] = SOURCE, connect = connectGcp): Promise<BootEnd> {
    const sha256 = createHash('sha256').update(AGENT).digest('hex');
    const manifest: BootManifest = {
      source,
      placeholders: {},
      stages: [
        {
          name: 'agent',
          files: [{ key: 'software/agent', sha256, to: '/opt/agent', mode: '0755' }],
          templates: [{ from: '/etc/ebbtide/agent.tmpl', to: '/etc/agent', mode: '0644' }],
          start: ['agent.service'],
        },
        {
          name: 'media',
          files: [],
          templates: [{ from: '/etc/ebbtide/media.tmpl', to: '/etc/media', mode: '0640' }],
          start: [],
        },
      ],
    };
    await put('/etc/ebbtide/boot.json', JSON.stringify(manifest));
    return boot({
      root,
      environment: {
        PATH: `${root}/bin:/usr/bin:/bin`,
        GCE_METADATA_HOST: new URL(server.url).host,
        CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: server.url,
        CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER: server.url,
      },
      connect,
      retry: { firstMs: 5, longestMs: 10, forMs: 100 },
      log: (level, event, details) => lines.push({ level, event, ...details }),
    });
  }

  it('knows its machine, fetches what was deployed, and fills in its secrets', async () => {
    assert.equal(await run(), 'all', failure());
    assert.equal(await read('/opt/agent'), AGENT);
    assert.equal(await read('/etc/agent'), 'ebbtide-media-x1z2 4711 europe-west1-b 10.0.0.7');
    assert.equal(await read('/etc/media'), `keys:\n  ${SECRET}\n`);
  });

  it('a second boot fetches nothing that is in place', async () => {
    await run();
    server.requests.length = 0;
    assert.equal(await run(), 'all');
    assert.ok(!server.requests.some(({ path }) => path === OBJECT));
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
      instead.set(path, answer);
      assert.equal(await run(), end);
      assert.match(failure(), says);
      assert.ok(!JSON.stringify(lines).includes('quite-secret'));
    });
  }

  it('refuses the manifest of another cloud, as the others refuse its', async () => {
    const aws = { kind: 'aws', region: 'eu-west-1', bucket: 'b', parameters: {} } as const;
    assert.equal(await run(aws), 'none');
    assert.match(failure(), /boots nodes on GCP, not on aws/);
    lines = [];
    assert.equal(await run(SOURCE, connectAws), 'none');
    assert.match(failure(), /boots nodes on AWS, not on gcp/);
  });
});
