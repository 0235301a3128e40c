import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { BootManifest } from '../../fleet/boot-manifest.ts';
import { connectAws } from '../../node-agent/boot/aws-source.ts';
import { type BootEnd, boot } from '../../node-agent/boot/boot.ts';
import { createBundler } from '../../stacks/bundle.ts';
import {
  type Answer,
  type LocalServer,
  type ReceivedRequest,
  startLocalServer,
} from './support/local-server.ts';

const AGENT = '#!/usr/bin/env node\nconsole.log("agent");\n';
const SECRET = 'key1: "quite-secret"';

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

describe('boot', () => {
  let root: string;
  let server: LocalServer;
  let objects: Map<string, string | Buffer>;
  let parameters: Record<string, string>;
  /** Answers that go before the regular ones, by `METHOD path`. */
  let instead: Map<string, (request: ReceivedRequest) => Answer | undefined>;
  let lines: Record<string, unknown>[];

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'ebbtide-boot-'));
    objects = new Map([['software/agent', AGENT]]);
    parameters = { '/ebbtide/media/keys': SECRET };
    instead = new Map();
    lines = [];
    server = await startLocalServer((request) => {
      const special = instead.get(`${request.method} ${request.path}`)?.(request);
      return special ?? regular(request);
    });
    await put(
      '/bin/systemctl',
      `#!/bin/sh\necho "$@" >> ${root}/systemctl.log\ntest "$3" != broken.service\n`,
      0o755,
    );
    await put(
      '/etc/ebbtide/templates/agent.json',
      '{"node":"{{instanceId}}","port":{{ agentPort }},"dir":"{{root}}/var"}',
    );
    await put('/etc/ebbtide/templates/media.yaml', 'ip: {{nodeIp}}\nzone: {{zone}}\nkeys:\n  {{keys}}\n');
  });
  afterEach(async () => {
    await server.close();
    await rm(root, { recursive: true });
  });

  function regular({ method, path, headers, body }: ReceivedRequest): Answer {
    if (path === '/latest/api/token') return { status: 200, body: 'token' };
    if (path.startsWith('/latest/')) {
      assert.equal(headers['x-aws-ec2-metadata-token'], 'token');
      const text: Record<string, string> = {
        'instance-id': 'i-1',
        'local-ipv4': '10.0.0.7',
        'placement/availability-zone': 'eu-west-1a',
        'iam/security-credentials/': 'node',
        'iam/security-credentials/node': JSON.stringify({
          Code: 'Success',
          AccessKeyId: 'ASIA1',
          SecretAccessKey: 's',
          Token: 't',
          Expiration: '2099-01-01T00:00:00Z',
        }),
      };
      const found = text[path.replace('/latest/meta-data/', '')];
      return found === undefined ? { status: 404 } : { status: 200, body: found };
    }
    assert.match(headers.authorization ?? '', /^AWS4-HMAC-SHA256 Credential=ASIA1\//);
    if (method === 'POST') {
      assert.equal(headers['x-amz-target'], 'AmazonSSM.GetParameters');
      const { Names, WithDecryption } = JSON.parse(body);
      assert.equal(WithDecryption, true);
      const known = (Names as string[]).filter((Name) => parameters[Name] !== undefined);
      const Parameters = known.map((Name) => ({ Name, Value: parameters[Name] }));
      return { status: 200, body: JSON.stringify({ Parameters, InvalidParameters: [] }) };
    }
    const object = objects.get(path.replace('/pool-bucket/', ''));
    return object === undefined
      ? { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' }
      : { status: 200, body: object };
  }

  async function put(path: string, content: string, mode = 0o644): Promise<void> {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), content);
    await chmod(join(root, path), mode);
  }
  const read = (path: string) => readFile(join(root, path), 'utf8');
  const exists = (path: string) =>
    stat(join(root, path)).then(
      () => true,
      () => false,
    );
  const modeOf = async (path: string) => ((await stat(join(root, path))).mode & 0o777).toString(8);
  const started = (): Promise<string[]> =>
    read('/systemctl.log').then(
      (text) => text.trim().split('\n'),
      () => [],
    );

  /** As on a disk on which no boot has come to its end. */
  const forgetBoot = () => rm(join(root, '/var/lib/ebbtide/boot-done'));

  const agentStage: BootManifest['stages'][number] = {
    name: 'agent',
    files: [{ key: 'software/agent', sha256: sha256(AGENT), to: '/opt/ebbtide/agent.cjs', mode: '0755' }],
    templates: [{ from: '/etc/ebbtide/templates/agent.json', to: '/etc/ebbtide/agent.json', mode: '0644' }],
    start: ['agent.service'],
  };
  const mediaStage: BootManifest['stages'][number] = {
    name: 'media',
    files: [],
    templates: [
      { from: '/etc/ebbtide/templates/media.yaml', to: '/etc/ebbtide/media/media.yaml', mode: '0640' },
    ],
    start: ['media.service'],
  };

  function environment() {
    return {
      EBBTIDE_ROOT: root,
      PATH: `${root}/bin:/usr/bin:/bin`,
      AWS_ENDPOINT_URL: server.url,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url,
    };
  }
  async function writeManifest(stages: BootManifest['stages'], changed: object = {}): Promise<void> {
    const manifest: BootManifest = {
      source: {
        kind: 'aws',
        region: 'eu-west-1',
        bucket: 'pool-bucket',
        parameters: { keys: '/ebbtide/media/keys' },
      },
      placeholders: { agentPort: '9876' },
      stages,
    };
    await put('/etc/ebbtide/boot.json', JSON.stringify({ ...manifest, ...changed }));
  }
  /** `forMs`: how long it tries again, by the real clock. */
  async function run(stages: BootManifest['stages'], changed: object = {}, forMs = 150): Promise<BootEnd> {
    await writeManifest(stages, changed);
    return boot({
      root,
      environment: environment(),
      connect: connectAws,
      retry: { firstMs: 5, longestMs: 10, forMs },
      log: (level, event, details) => lines.push({ level, event, ...details }),
    });
  }
  const failure = () => String(lines.find(({ event }) => event === 'boot-failed')?.reason);

  it('makes the node what the manifest says: software, configs with their modes, units in order', async () => {
    assert.equal(await run([agentStage, mediaStage]), 'all');
    assert.equal(await read('/opt/ebbtide/agent.cjs'), AGENT);
    assert.equal(await modeOf('/opt/ebbtide/agent.cjs'), '755');
    assert.deepEqual(JSON.parse(await read('/etc/ebbtide/agent.json')), {
      node: 'i-1',
      port: 9876,
      dir: `${root}/var`,
    });
    assert.equal(
      await read('/etc/ebbtide/media/media.yaml'),
      `ip: 10.0.0.7\nzone: eu-west-1a\nkeys:\n  ${SECRET}\n`,
    );
    assert.equal(await modeOf('/etc/ebbtide/media/media.yaml'), '640');
    assert.deepEqual(await started(), [
      'daemon-reload',
      'enable --now agent.service',
      'daemon-reload',
      'enable --now media.service',
    ]);
    assert.deepEqual(await readdir(join(root, '/opt/ebbtide')), ['agent.cjs']);
  });

  it('has systemd read what a stage adds to a unit that is there already', async () => {
    await put('/etc/ebbtide/templates/unless-leaving.conf', '[Unit]\n');
    const to = '/etc/systemd/system/sfu.service.d/ebbtide.conf';
    const templates = [{ from: '/etc/ebbtide/templates/unless-leaving.conf', to, mode: '0644' }];
    assert.equal(await run([{ name: 'media', files: [], templates, start: [] }]), 'all');
    assert.equal(await read(to), '[Unit]\n');
    assert.deepEqual(await started(), ['daemon-reload']);
  });

  it('tells no secret in its log', async () => {
    instead.set('POST /', () => ({ status: 200, body: `{"Parameters": [${SECRET}` }));
    assert.equal(await run([mediaStage]), 'none');
    assert.match(failure(), /GetParameters: the answer is not JSON/);
    assert.ok(!JSON.stringify(lines).includes('quite-secret'));
  });

  describe('at a later boot of the same machine', () => {
    const archived: BootManifest['stages'][number] = { ...mediaStage, files: [] };
    const asked = () =>
      server.requests.map(({ path }) => path).filter((path) => !path.startsWith('/latest/'));

    beforeEach(async () => {
      await put('/made/livekit-server', 'the server');
      const made = join(root, 'made');
      execFileSync('tar', ['-czf', join(root, 'made.tar.gz'), '-C', made, 'livekit-server']);
      const archive = await readFile(join(root, 'made.tar.gz'));
      objects.set('software/media', archive);
      const to = '/opt/ebbtide/media/livekit-server';
      const file = { key: 'software/media', sha256: sha256(archive), to, mode: '0755' };
      archived.files = [{ ...file, member: 'livekit-server' }];
    });

    async function forgetRequests(): Promise<void> {
      server.requests.length = 0;
      await rm(join(root, '/systemctl.log'), { force: true });
    }

    it('starts nothing and fetches nothing, once all was done', async () => {
      assert.equal(await run([agentStage, archived]), 'all');
      await forgetRequests();
      assert.equal(await run([agentStage, archived]), 'all');
      assert.deepEqual([await started(), asked()], [[], []]);
    });

    const halves: [string, () => unknown][] = [
      ['at its secrets', () => instead.set('POST /', () => ({ status: 400, body: '{"__type":"Denied"}' }))],
      [
        'in the very last step',
        () => mkdir(join(root, '/var/lib/ebbtide/boot-done.new'), { recursive: true }),
      ],
    ];
    for (const [where, fail] of halves) {
      it(`goes on where the first had failed half-way, ${where}`, async () => {
        await fail();
        assert.equal(await run([agentStage, archived]), 'some');
        await forgetRequests();
        instead.clear();
        await rm(join(root, '/var/lib/ebbtide/boot-done.new'), { recursive: true, force: true });
        assert.equal(await run([agentStage, archived]), 'all');
        assert.equal(await read('/opt/ebbtide/media/livekit-server'), 'the server');
        assert.ok((await started()).includes('enable --now media.service'));
      });
    }

    it('does all of it on a machine that was made from an image of a done one', async () => {
      assert.equal(await run([agentStage, archived]), 'all');
      await put('/var/lib/ebbtide/boot-done', 'i-0');
      await forgetRequests();
      assert.equal(await run([agentStage, archived]), 'all');
      assert.ok((await started()).includes('enable --now media.service'));
      assert.deepEqual(asked(), ['/', '/pool-bucket/software/media'].sort().reverse());
    });

    it('starts nothing either where the machine does not tell which one it is', async () => {
      assert.equal(await run([agentStage, archived]), 'all');
      await forgetRequests();
      instead.set('GET /latest/meta-data/instance-id', () => ({ status: 404 }));
      assert.equal(await run([agentStage, archived]), 'none');
      assert.deepEqual(await started(), []);
    });
  });

  it('takes one file out of an archive, and leaves nothing else behind', async () => {
    await put('/made/livekit-server', 'the server', 0o644);
    await put('/made/LICENSE', 'text');
    execFileSync('tar', [
      '-czf',
      join(root, 'made.tar.gz'),
      '-C',
      join(root, 'made'),
      'LICENSE',
      'livekit-server',
    ]);
    const archive = await readFile(join(root, 'made.tar.gz'));
    objects.set('software/media', archive);
    const file = {
      key: 'software/media',
      sha256: sha256(archive),
      to: '/opt/ebbtide/media/livekit-server',
      mode: '0755',
    };
    assert.equal(
      await run([{ ...mediaStage, templates: [], files: [{ ...file, member: 'livekit-server' }] }]),
      'all',
    );
    assert.equal(await read(file.to), 'the server');
    assert.equal(await modeOf(file.to), '755');
    assert.deepEqual(await readdir(join(root, '/opt/ebbtide/media')), ['livekit-server']);

    await forgetBoot();
    assert.equal(
      await run([{ ...mediaStage, templates: [], files: [{ ...file, to: '/opt/x/y', member: 'nope' }] }]),
      'none',
    );
    assert.match(failure(), /\/opt\/x\/y could not be put in place.*nope/);
    assert.deepEqual(await readdir(join(root, '/opt/x')), []);
  });

  it('puts nothing in place that is not what was deployed, and does not try again', async () => {
    objects.set('software/agent', 'something else');
    assert.equal(await run([agentStage]), 'none');
    assert.match(failure(), /software\/agent .*is not what was deployed: its sha256 is/);
    assert.equal(await exists('/opt/ebbtide/agent.cjs'), false);
    assert.equal(await exists('/etc/ebbtide/agent.json'), false);
    assert.deepEqual(await started(), []);
    assert.equal(server.requests.filter(({ path }) => path.endsWith('software/agent')).length, 1);
  });

  it('fetches nothing that an image has already', async () => {
    await put('/opt/ebbtide/agent.cjs', AGENT, 0o600);
    assert.equal(await run([agentStage]), 'all');
    assert.ok(!server.requests.some(({ path }) => path.endsWith('software/agent')));
    assert.equal(await modeOf('/opt/ebbtide/agent.cjs'), '755');
  });

  it('waits for a role, a fact, a refused object and a broken line', async () => {
    const failing = (times: number, answer: Answer) => {
      let left = times;
      return () => (left-- > 0 ? answer : undefined);
    };
    instead.set('GET /latest/meta-data/iam/security-credentials/', failing(2, { status: 404 }));
    instead.set('GET /latest/meta-data/local-ipv4', failing(2, { status: 404 }));
    instead.set(
      'GET /pool-bucket/software/agent',
      failing(2, { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' }),
    );
    instead.set('POST /', failing(1, 'reset'));
    assert.equal(await run([agentStage, mediaStage], {}, 20_000), 'all', failure());
    assert.ok(
      lines.some(({ event, reason }) => event === 'boot-retries' && /AccessDenied/.test(String(reason))),
    );
  });

  it('gives up in the end, and says why', async () => {
    instead.set('GET /pool-bucket/software/agent', () => ({ status: 503 }));
    assert.equal(await run([agentStage]), 'none');
    assert.match(failure(), /Http503/);
  });

  const media: [string, () => void, RegExp][] = [
    [
      'secrets cannot be read',
      () => instead.set('POST /', () => ({ status: 400, body: '{"__type":"AccessDeniedException"}' })),
      /AccessDenied/,
    ],
    ['a secret is missing', () => (parameters = {}), /no such parameters: \/ebbtide\/media\/keys/],
  ];
  for (const [given, arrange, expected] of media) {
    it(`has the agent run where the media server's ${given}`, async () => {
      arrange();
      assert.equal(await run([agentStage, mediaStage]), 'some');
      assert.deepEqual(await started(), ['daemon-reload', 'enable --now agent.service']);
      assert.match(failure(), expected);
      assert.equal(lines.at(-1)?.stage, 'media');
      assert.equal(await exists('/etc/ebbtide/media/media.yaml'), false);
    });
  }

  it('stops at a unit that does not start', async () => {
    const broken = { ...agentStage, start: ['broken.service'] };
    assert.equal(await run([broken, mediaStage]), 'none');
    assert.match(failure(), /systemctl enable --now broken.service ended with 1/);
    assert.deepEqual(await started(), ['daemon-reload', 'enable --now broken.service']);
  });

  it('refuses a placeholder that nobody fills, and names those that there are', async () => {
    await put('/etc/ebbtide/templates/agent.json', '{{instanceId}} {{nodeIP}}');
    assert.equal(await run([agentStage]), 'none');
    assert.match(
      failure(),
      /agent\.json cannot be filled in: unknown placeholders: \{\{nodeIP\}\}\. Known are: .*nodeIp/,
    );
    assert.deepEqual(await started(), []);
  });

  it('lets node.json go before everything else, secrets too', async () => {
    await put('/etc/ebbtide/node.json', '{"placeholders":{"agentPort":"4711","keys":"none"}}');
    assert.equal(await run([agentStage, mediaStage]), 'all');
    assert.equal(JSON.parse(await read('/etc/ebbtide/agent.json')).port, 4711);
    assert.match(await read('/etc/ebbtide/media/media.yaml'), /keys:\n {2}none/);
    assert.ok(!server.requests.some(({ method }) => method === 'POST'));
  });

  for (const [given, changed, expected] of [
    ['an unknown key', { colour: 'red' }, /colour/],
    [
      'a hash that is none',
      { stages: [{ ...agentStage, files: [{ ...agentStage.files[0], sha256: 'x' }] }] },
      /sha256/,
    ],
  ] as const) {
    it(`refuses a manifest with ${given}`, async () => {
      assert.equal(await run([], changed), 'none');
      assert.match(failure(), expected);
    });
  }

  it('says which file it misses where there is no manifest', async () => {
    await writeManifest([]);
    await rm(join(root, '/etc/ebbtide/boot.json'));
    const end = await boot({
      root,
      environment: environment(),
      connect: connectAws,
      retry: { firstMs: 1, longestMs: 1, forMs: 1 },
      log: (_l, event, details) => lines.push({ event, ...details }),
    });
    assert.equal(end, 'none');
    assert.match(failure(), /boot\.json cannot be read/);
  });

  describe('as one file, as a node runs it', () => {
    it('ends with 0 where all is done, with 1 where the agent runs, with 3 where it does not', async () => {
      await writeManifest([agentStage, mediaStage]);
      const { code } = await createBundler().boot('aws');
      await put('/boot.cjs', code);
      assert.deepEqual(await runBundle(), { code: 0, last: 'stage-done' });
      assert.deepEqual(await runBundle(), { code: 0, last: 'boot-was-done' });
      await forgetBoot();
      await writeManifest([agentStage, { ...mediaStage, start: ['broken.service'] }]);
      assert.deepEqual(await runBundle(), { code: 1, last: 'boot-failed' });
      await writeManifest([{ ...agentStage, start: ['broken.service'] }, mediaStage]);
      assert.deepEqual(await runBundle(), { code: 3, last: 'boot-failed' });
    });

    it('leaves room in user-data, which EC2 limits to 16 KB', async () => {
      const { code } = await createBundler().boot('aws');
      const { gzipSync } = await import('node:zlib');
      assert.ok(gzipSync(code, { level: 9 }).length < 9_500);
    });

    function runBundle(): Promise<{ code: number | null; last: unknown }> {
      return new Promise((resolve) => {
        const child = spawn(process.execPath, [join(root, 'boot.cjs')], {
          env: environment(),
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        let said = '';
        child.stdout.on('data', (chunk: Buffer) => {
          said += chunk;
        });
        child.on('close', (code) =>
          resolve({ code, last: JSON.parse(said.trim().split('\n').at(-1) ?? '{}').event }),
        );
      });
    }
  });
});
