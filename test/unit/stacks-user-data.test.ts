import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as v from 'valibot';
import { parse } from 'yaml';
import { agentConfigSchema } from '../../fleet/agent-config.ts';
import { bootManifestSchema } from '../../fleet/boot-manifest.ts';
import { wantedContainerSchema } from '../../fleet/wanted-container.ts';
import { parseUnitFile } from '../../lab/instance/unit-file.ts';
import { awsNames } from '../../stacks/aws/names.ts';
import { awsNodeSetup } from '../../stacks/aws/node-setup.ts';
import { type BootPatience, type BootScriptArgs, bootScript } from '../../stacks/boot-script.ts';
import { createBundler } from '../../stacks/bundle.ts';
import type { SoftwareFile } from '../../stacks/node-file.ts';
import { readSettings, type Settings } from '../../stacks/settings.ts';
import { assertUserDataFits, packUserData, renderUserData } from '../../stacks/user-data.ts';

const EC2 = { bytes: 16 * 1024, taker: 'EC2' };

import { configValues, GOOD, settingsOf } from './stacks-mocks.ts';

function argsOf(changed: Record<string, unknown> = {}, boot = 'console.log("boot");\n') {
  const files = { text: () => undefined, sha256: () => 'a'.repeat(64) };
  const { settings } = readSettings(
    { values: configValues({ ...GOOD, ...changed }), isSecret: () => true },
    files,
  );
  return awsNodeSetup({
    settings: settingsOf(settings, 'aws'),
    names: awsNames('media', 'eu-west-1'),
    bucket: 'ebbtide-media-1234',
    nodeRoleId: 'AROAEXAMPLE',
    boot,
    agent: { key: 'software/agent', sha256: 'b'.repeat(64) },
    media: fetched(settings.media),
    template: '0123456789ab',
  });
}

function fetched(media: Settings['media']): SoftwareFile | undefined {
  const file = { key: 'software/media', sha256: 'a'.repeat(64) };
  if (media.setup !== undefined) return file;
  return media.kind === 'livekit' && media.artifact !== undefined
    ? { ...file, member: 'livekit-server' }
    : undefined;
}

const cloudConfigSchema = v.strictObject({
  write_files: v.array(v.strictObject({ path: v.string(), permissions: v.string(), content: v.string() })),
  runcmd: v.array(v.array(v.string())),
});

/** The files of rendered user-data by path, read as cloud-init reads them: YAML 1.1. */
function render(args = argsOf()) {
  const text = renderUserData(args);
  assert.match(text, /^#cloud-config\n/);
  const config = v.parse(cloudConfigSchema, parse(text, { version: '1.1' }));
  return { text, config, file: new Map(config.write_files.map(({ path, content }) => [path, content])) };
}

const NODE = { root: '', instanceId: 'i-1', nodeIp: '10.0.0.9', zone: 'eu-west-1a' };

function fill(template: string, manifest: v.InferOutput<typeof bootManifestSchema>, root = ''): string {
  const values: Record<string, string> = { ...manifest.placeholders, ...NODE, root };
  return template.replaceAll(/\{\{(\w+)\}\}/g, (whole, name: string) => values[name] ?? whole);
}

const IMAGE = `docker.io/livekit/livekit-server@sha256:${'d'.repeat(64)}`;
const SETUP = { file: 'setup.sh', sha256: 'a'.repeat(64) };
const ENGINE = { kind: 'docker', socketPath: '/run/docker.sock', restartPolicy: 'on-failure' };

/** Each way that a media server can come to a node: what user-data brings for it, and what the agent is told. */
const WAYS = [
  {
    way: 'the server itself',
    media: {},
    templates: ['livekit.service', 'livekit.yaml', 'needrestart.conf', 'redis.json'],
    to: ['/opt/ebbtide/media/livekit-server'],
    start: ['livekit.service'],
    kind: 'livekit',
    runtime: { kind: 'systemd', unit: 'livekit.service' },
    spared: ['livekit'],
  },
  {
    way: 'a container',
    media: { media: { image: IMAGE } },
    templates: ['container.json', 'livekit.service', 'livekit.yaml', 'needrestart.conf', 'redis.json'],
    docker: true,
    to: [],
    start: ['livekit.service'],
    kind: 'livekit',
    runtime: { ...ENGINE, container: 'livekit' },
    spared: ['livekit', 'docker', 'containerd'],
  },
  {
    way: "a script that starts a service of the operator's",
    media: { media: { setup: { ...SETUP, unit: 'sfu.service' } } },
    templates: [
      'ebbtide-setup.service',
      'keys.json',
      'livekit.yaml',
      'needrestart.conf',
      'redis.json',
      'refuse-stop.conf',
      'unless-leaving.conf',
    ],
    to: ['/opt/ebbtide/media/setup'],
    start: ['ebbtide-setup.service'],
    kind: 'livekit',
    runtime: { kind: 'systemd', unit: 'sfu.service' },
    spared: ['sfu'],
  },
  {
    way: "a script that starts a container of the operator's",
    media: { media: { setup: { ...SETUP, container: 'sfu' } } },
    templates: ['ebbtide-setup.service', 'keys.json', 'livekit.yaml', 'needrestart.conf', 'redis.json'],
    to: ['/opt/ebbtide/media/setup'],
    start: ['ebbtide-setup.service'],
    kind: 'livekit',
    runtime: { ...ENGINE, container: 'sfu' },
    spared: ['docker', 'containerd'],
  },
  {
    way: 'OpenVidu, by a script',
    media: { media: { kind: 'openvidu', setup: SETUP } },
    templates: ['ebbtide-setup.service', 'keys.json', 'needrestart.conf', 'redis.json'],
    to: ['/opt/ebbtide/media/setup'],
    start: ['ebbtide-setup.service'],
    kind: 'openvidu',
    runtime: ENGINE,
    spared: ['docker', 'containerd'],
  },
  {
    way: 'OpenVidu, in the image',
    media: {
      media: { kind: 'openvidu' },
      pool: { name: 'media', image: 'ami-0123456789abcdef0', imageHasSoftware: true },
    },
    templates: ['keys.json', 'needrestart.conf', 'redis.json'],
    to: [],
    start: [],
    kind: 'openvidu',
    runtime: ENGINE,
    spared: ['docker', 'containerd'],
  },
];

describe('user-data', () => {
  for (const { way, media, templates, docker, to, start, kind, runtime, spared } of WAYS) {
    it(`brings ${way}, and tells the agent how it runs`, () => {
      const args = argsOf({ ...media });
      const { file } = render(args);
      const manifest = v.parse(bootManifestSchema, JSON.parse(file.get('/etc/ebbtide/boot.json') ?? ''));
      const prefix = '/etc/ebbtide/templates/';
      const brought = [...file.keys()].filter((path) => path.startsWith(prefix));
      const own = ['agent.json', 'ebbtide-agent.service', ...(docker ? ['docker.json'] : [])];
      const everywhere = [...templates, 'apt.conf'];
      assert.deepEqual(brought.sort(), [...own, ...everywhere].map((name) => prefix + name).sort());
      const [, stage] = manifest.stages;
      assert.deepEqual([stage?.files.map((each) => each.to), stage?.start], [to, start]);
      assert.deepEqual(
        stage?.templates.map(({ from }) => from.slice(prefix.length)).sort(),
        everywhere.sort(),
      );
      const filled = fill(file.get(`${prefix}agent.json`) ?? '', manifest);
      const config = v.parse(agentConfigSchema, JSON.parse(filled));
      assert.deepEqual([config.media.kind, { ...config.media.runtime }], [kind, runtime]);
      const setup = stage?.start.find((unit) => unit === 'ebbtide-setup.service');
      assert.deepEqual(config.setup, setup === undefined ? undefined : { unit: setup });
      assert.equal(config.media.metricsUrl, 'http://127.0.0.1:6789/metrics');
      assert.equal(config.media.redisFile, '/etc/ebbtide/media/redis.json');
      const left = [...(file.get(`${prefix}needrestart.conf`) ?? '').matchAll(/qr\(\^(\w+)\\\.service\$\)/g)];
      assert.deepEqual(
        left.map(([, name]) => name),
        spared,
      );
    });
  }

  it('shows every secret to root alone, but for what the media server itself must read', () => {
    for (const { media } of WAYS) {
      const { stages } = argsOf({ ...media }).manifest;
      const secret = stages.flatMap(({ templates }) => templates).filter(({ to }) => to.includes('/media/'));
      for (const { to, mode } of secret)
        assert.equal(mode, to.endsWith('livekit.yaml') ? '0640' : '0600', to);
    }
  });

  it("defines the container by the image's digest, with the config of this node and no secret", () => {
    const { file } = render(argsOf({ media: { image: IMAGE } }));
    const manifest = v.parse(bootManifestSchema, JSON.parse(file.get('/etc/ebbtide/boot.json') ?? ''));
    const text = fill(file.get('/etc/ebbtide/templates/container.json') ?? '', manifest, '/lab/i-1');
    assert.deepEqual(v.parse(wantedContainerSchema, JSON.parse(text)), {
      socketPath: '/lab/i-1/run/docker.sock',
      name: 'livekit',
      image: IMAGE,
      config: '/lab/i-1/etc/ebbtide/media/livekit.yaml',
      user: 'ebbtide-media',
      accounts: '/lab/i-1/etc/passwd',
      restartPolicy: 'on-failure',
      openFiles: 524_288,
    });
    assert.deepEqual(JSON.parse(file.get('/etc/ebbtide/templates/docker.json') ?? ''), {
      'live-restore': true,
      'log-driver': 'journald',
    });
  });

  it("tells the agent what an operator's OpenVidu has of its own", () => {
    const media = {
      kind: 'openvidu',
      setup: SETUP,
      containers: { egress: 'recorder', agentLabel: 'speech' },
      egress: { healthPort: 9090 },
      ingress: { metricsPort: 9092 },
      agents: { port: 8082 },
      capacity: 200,
    };
    const { file } = render(argsOf({ media }));
    const manifest = v.parse(bootManifestSchema, JSON.parse(file.get('/etc/ebbtide/boot.json') ?? ''));
    const told = JSON.parse(fill(file.get('/etc/ebbtide/templates/agent.json') ?? '', manifest)).media;
    const { kind, setup, ...own } = media;
    assert.deepEqual({ ...told, ...own }, told);
    v.parse(agentConfigSchema.entries.media, told);
  });

  it('fits into what EC2 takes, each way, with the real boot program', async () => {
    const { code } = await createBundler().boot('aws');
    for (const { way, media } of WAYS) {
      const size = packUserData(renderUserData(argsOf({ ...media }, code))).length;
      assert.ok(size < 14_000, `${way}: ${size} bytes`);
    }
  });

  it('writes files, and runs the one script among them', () => {
    const { config, file } = render();
    assert.deepEqual(config.runcmd, [['/bin/bash', '/opt/ebbtide/boot.sh']]);
    assert.deepEqual([...file.keys()].sort(), [
      '/etc/ebbtide/boot.json',
      '/etc/ebbtide/templates/agent.json',
      '/etc/ebbtide/templates/apt.conf',
      '/etc/ebbtide/templates/ebbtide-agent.service',
      '/etc/ebbtide/templates/livekit.service',
      '/etc/ebbtide/templates/livekit.yaml',
      '/etc/ebbtide/templates/needrestart.conf',
      '/etc/ebbtide/templates/redis.json',
      '/etc/systemd/journald.conf.d/ebbtide.conf',
      '/opt/ebbtide/boot.cjs',
      '/opt/ebbtide/boot.sh',
    ]);
  });

  it('brings any program and template through YAML unchanged', () => {
    const boot = '#!/x\n\t"use strict";const a="yes: no #\\\\ é";\n  \n\nb=`$a: |`\n';
    const written = 'keys: {{keys}}\n# 1.5: "x"\nlog_level: 0777 \n';
    const args = argsOf({ media: { ...Object(GOOD.media), config: written } }, boot);
    const { file } = render(args);
    assert.equal(file.get('/opt/ebbtide/boot.cjs'), boot);
    assert.equal(
      file.get('/etc/ebbtide/templates/livekit.yaml'),
      `${written.trimEnd()}\nprometheus:\n  port: {{metricsPort}}\n`,
    );
  });

  it('tells the boot program what to fetch and start, the agent before the media server', () => {
    const manifest = v.parse(
      bootManifestSchema,
      JSON.parse(render().file.get('/etc/ebbtide/boot.json') ?? ''),
    );
    assert.ok(manifest.source.kind === 'aws');
    assert.deepEqual(manifest.source.parameters, {
      keys: '/ebbtide/media/keys',
      redis: '/ebbtide/media/redis',
    });
    assert.deepEqual(
      manifest.stages.map(({ name, start }) => [name, start]),
      [
        ['agent', ['ebbtide-agent.service']],
        ['media', ['livekit.service']],
      ],
    );
    assert.deepEqual(manifest.stages[1]?.files, [
      {
        key: 'software/media',
        sha256: 'a'.repeat(64),
        member: 'livekit-server',
        to: '/opt/ebbtide/media/livekit-server',
        mode: '0755',
      },
    ]);
  });

  it('has every template that the boot program is told to fill in', () => {
    const { file } = render();
    const manifest = v.parse(bootManifestSchema, JSON.parse(file.get('/etc/ebbtide/boot.json') ?? ''));
    const wanted = manifest.stages.flatMap(({ templates }) => templates.map(({ from }) => from)).sort();
    assert.deepEqual([...file.keys()].filter((path) => path.includes('/templates/')).sort(), wanted);
  });

  it('gives the agent a config that it takes, once the node has filled it in', () => {
    const { file } = render(argsOf({ agent: { every: { notice: '500ms' }, timeout: { api: '2s' } } }));
    const manifest = v.parse(bootManifestSchema, JSON.parse(file.get('/etc/ebbtide/boot.json') ?? ''));
    const filled = fill(file.get('/etc/ebbtide/templates/agent.json') ?? '', manifest, '/lab/i-1');
    const config = v.parse(agentConfigSchema, JSON.parse(filled));
    assert.deepEqual(config.registry, {
      kind: 'bucket',
      bucket: 'ebbtide-media-1234',
      statusName: 'AROAEXAMPLE:i-1',
    });
    assert.equal(config.media.metricsUrl, 'http://127.0.0.1:6789/metrics');
    assert.deepEqual(config.http, { address: 'private', port: 9876 });
    assert.equal(config.stateDirectory, '/lab/i-1/var/lib/ebbtide');
    assert.equal(config.media.redisFile, '/lab/i-1/etc/ebbtide/media/redis.json');
    assert.deepEqual([config.every.notice, config.every.heartbeat, config.timeout.api], [500, 300_000, 2000]);
    assert.deepEqual(config.scaleIn, { ceiling: 172_800_000, onCeiling: 'keep', warnAfter: 14_400_000 });
    assert.ok(config.cloud.kind === 'aws');
    assert.equal(config.cloud.terminateHook, 'ebbtide-media-terminate');
  });

  it('lets no unit that brings media start on a node that leaves', () => {
    const held = 'ConditionPathExists=!{{root}}/var/lib/ebbtide/leaving-{{node}}\n';
    const setup = { media: { setup: { ...SETUP, unit: 'sfu.service' } } };
    for (const [media, units] of [
      [{}, ['livekit.service']],
      [{ media: { image: IMAGE } }, ['livekit.service']],
      [setup, ['ebbtide-setup.service', 'unless-leaving.conf']],
      [{ media: { kind: 'openvidu', setup: SETUP } }, ['ebbtide-setup.service']],
    ] as const) {
      const { file } = render(argsOf({ ...media }));
      for (const unit of units) assert.ok(file.get(`/etc/ebbtide/templates/${unit}`)?.includes(held), unit);
    }
    const { file } = render(argsOf(setup));
    const { stages } = v.parse(bootManifestSchema, JSON.parse(file.get('/etc/ebbtide/boot.json') ?? ''));
    const dropIn = stages[1]?.templates.find(({ from }) => from.endsWith('unless-leaving.conf'));
    assert.equal(dropIn?.to, '/etc/systemd/system/sfu.service.d/ebbtide.conf');
  });

  it('leaves no placeholder in units but those that every node knows', () => {
    const { file } = render();
    for (const [unit, known] of [
      ['ebbtide-agent.service', ['{{root}}']],
      ['livekit.service', ['{{root}}', '{{node}}']],
    ] as const) {
      const content = file.get(`/etc/ebbtide/templates/${unit}`) ?? '';
      assert.deepEqual([...new Set(content.match(/\{\{\w+\}\}/g))], known);
    }
  });

  it('lets the media server listen below 1024 where it has to, and only there', () => {
    const unit = (ports: Record<string, unknown>) => {
      const args = argsOf({ media: { ...Object(GOOD.media), ports } });
      return render(args).file.get('/etc/ebbtide/templates/livekit.service') ?? '';
    };
    const right = /^AmbientCapabilities=CAP_NET_BIND_SERVICE$/m;
    assert.doesNotMatch(unit({}), right);
    for (const ports of [{ signal: 443 }, { rtcUdp: '443-500' }, { rtcTcp: 1023 }]) {
      assert.match(unit(ports), right);
      // The lab knows every key of it.
      parseUnitFile('livekit.service', unit(ports));
    }
    assert.doesNotMatch(render().file.get('/etc/ebbtide/templates/ebbtide-agent.service') ?? '', right);
  });

  it('holds no secret', () => {
    for (const { media } of WAYS) assert.doesNotMatch(render(argsOf({ ...media })).text, /ssss|10\.0\.0\.5/);
  });

  it('is packed to the same bytes on every system', () => {
    const packed = packUserData(renderUserData(argsOf()));
    assert.equal(gunzipSync(packed).toString(), renderUserData(argsOf()));
    // Time 0, system "unknown".
    assert.deepEqual([...packed.subarray(4, 10)], [0, 0, 0, 0, 2, 255]);
  });

  it('is refused above the 16 KB of EC2, by the name of what is big', () => {
    const noise = Array.from({ length: 6000 }, (_, i) => ((i * 2654435761) % 4294967296).toString(36)).join(
      '',
    );
    assert.throws(
      () => assertUserDataFits(argsOf({}, noise), EC2),
      /and EC2 takes 16384\. By file: \/opt\/ebbtide\/boot\.cjs \d{5}/,
    );
    assertUserDataFits(argsOf(), EC2);
  });
});

describe('the boot script', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ebbtide-boot-'));
    mkdirSync(join(folder, 'bin'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function standIn(name: string, script: string): void {
    // Of node the boot script asks its version too.
    const version = name === 'node' ? '[ "$1" != --version ] || { echo v20.1.0; exit 0; }\n' : '';
    writeFileSync(join(folder, 'bin', name), `#!/bin/bash\n${version}${script}\n`);
    chmodSync(join(folder, 'bin', name), 0o755);
  }

  const PROGRAM = { hasDocker: false, mediaUnit: 'livekit.service' };
  const NO_PATIENCE: BootPatience = { tryForSeconds: 0, waitSeconds: 15 };
  const PATIENCE: BootPatience = { tryForSeconds: 600, waitSeconds: 15 };

  /** Runs the script with a PATH that has mkdir, ln, cp and the stand-ins, and nothing else. */
  function run(imageHasSoftware: boolean, patience = NO_PATIENCE, more: Partial<BootScriptArgs> = {}) {
    for (const tool of ['mkdir', 'ln', 'cp']) standIn(tool, `/bin/${tool} "$@"`);
    standIn('systemctl', 'echo "systemctl $*" >> "$LOG"');
    standIn('sleep', 'echo "sleep $*" >> "$LOG"');
    const script = join(folder, 'boot.sh');
    writeFileSync(script, bootScript({ ...PROGRAM, imageHasSoftware, ...more }, patience));
    const env = { PATH: join(folder, 'bin'), EBBTIDE_ROOT: join(folder, 'root'), LOG: join(folder, 'log') };
    return spawnSync('/bin/bash', [script], { env, encoding: 'utf8' });
  }

  /** What the stand-ins were asked for. */
  function asked(): string[] {
    const log = join(folder, 'log');
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  }

  function putUnit(unit: string): void {
    mkdirSync(join(folder, 'root/etc/systemd/system'), { recursive: true });
    writeFileSync(join(folder, 'root/etc/systemd/system', unit), '');
  }

  function putCertificates(): void {
    mkdirSync(join(folder, 'root/etc/ssl/certs'), { recursive: true });
    writeFileSync(join(folder, 'root/etc/ssl/certs/ca-certificates.crt'), '');
  }

  function putDaemonTemplate(): void {
    mkdirSync(join(folder, 'root/etc/ebbtide/templates'), { recursive: true });
    writeFileSync(join(folder, 'root/etc/ebbtide/templates/docker.json'), 'ours');
  }

  it("installs node by the distribution's packages where it is missing, and starts the boot program", () => {
    standIn(
      'apt-get',
      `echo "apt-get $*" >> "$LOG"; if [ "$3" = install ]; then printf '#!/bin/bash\\necho "node $*" >> "$LOG"\\n' > "${'$'}{PATH}/node"; /bin/chmod +x "${'$'}{PATH}/node"; fi`,
    );
    const first = run(false);
    assert.equal(first.status, 0, first.stderr);
    const second = run(false);
    assert.equal(second.status, 0, second.stderr);
    const start = `node ${folder}/root/opt/ebbtide/boot.cjs`;
    assert.deepEqual(asked(), [
      'apt-get -o DPkg::Lock::Timeout=300 update',
      'apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends nodejs',
      start,
      start,
    ]);
  });

  it('installs nothing in an image that has the software', () => {
    standIn('node', 'echo "node $*" >> "$LOG"');
    assert.equal(run(true).status, 0);
  });

  it('installs Docker beside it where the media server is a container, and configures it before its first start', () => {
    standIn('node', 'echo "node" >> "$LOG"');
    standIn('apt-get', 'echo "apt-get $*; $(/bin/ls "$EBBTIDE_ROOT/etc/docker")" >> "$LOG"');
    putDaemonTemplate();
    const { status, stderr } = run(false, NO_PATIENCE, { hasDocker: true });
    assert.equal(status, 0, stderr);
    const apt = 'apt-get -o DPkg::Lock::Timeout=300';
    assert.deepEqual(asked(), [
      `${apt} update; daemon.json`,
      `${apt} install -y --no-install-recommends docker.io ca-certificates; daemon.json`,
      'node',
    ]);
    assert.equal(readFileSync(join(folder, 'root/etc/docker/daemon.json'), 'utf8'), 'ours');
  });

  it('restarts the Docker of an image once to take the configuration, and leaves one of its own alone', () => {
    for (const program of ['node', 'dockerd']) standIn(program, '');
    putCertificates();
    putDaemonTemplate();
    for (let boots = 0; boots < 2; boots += 1)
      assert.equal(run(true, NO_PATIENCE, { hasDocker: true }).status, 0);
    assert.deepEqual(asked(), ['systemctl restart docker.service']);
    const file = join(folder, 'root/etc/docker/daemon.json');
    writeFileSync(file, "the image's");
    assert.equal(run(true, NO_PATIENCE, { hasDocker: true }).status, 0);
    assert.equal(readFileSync(file, 'utf8'), "the image's");
  });

  it('installs what sends logs where they are sent, and has masked the service that comes with it by then', () => {
    standIn('node', 'echo "node" >> "$LOG"');
    standIn(
      'apt-get',
      'echo "apt-get $*; $(/bin/readlink "$EBBTIDE_ROOT/etc/systemd/system/rsyslog.service")" >> "$LOG"',
    );
    const { status, stderr } = run(false, NO_PATIENCE, { sendsLogs: 'tls' });
    assert.equal(status, 0, stderr);
    assert.deepEqual(asked(), [
      'apt-get -o DPkg::Lock::Timeout=300 update; /dev/null',
      'apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends rsyslog rsyslog-openssl ca-certificates; /dev/null',
      'node',
    ]);
    const script = bootScript({ ...PROGRAM, imageHasSoftware: false, sendsLogs: 'tls' });
    // The one that runs already must not take each line a second time.
    assert.match(
      script,
      /daemon-reload \|\| :\n +systemctl stop syslog\.socket rsyslog\.service \|\| :\n +systemctl enable --now ebbtide-logs\.service \|\| :/,
    );
    assert.match(script, /systemctl restart systemd-journald\.service \|\| :/);
    assert.doesNotMatch(bootScript({ ...PROGRAM, imageHasSoftware: false }), /rsyslog|ebbtide-logs/);
  });

  function putSyslogTls(): void {
    mkdirSync(join(folder, 'root/usr/lib/x86_64-linux-gnu/rsyslog'), { recursive: true });
    writeFileSync(join(folder, 'root/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_ossl.so'), '');
  }

  it("installs the sender's TLS where an image has the sender alone, and not where logs go in clear", () => {
    for (const program of ['node', 'rsyslogd']) standIn(program, '');
    standIn('apt-get', 'echo "apt-get $*" >> "$LOG"');
    putCertificates();
    assert.equal(run(false, NO_PATIENCE, { sendsLogs: 'tcp' }).status, 0);
    assert.deepEqual(asked(), []);
    assert.equal(run(false, NO_PATIENCE, { sendsLogs: 'tls' }).status, 0);
    assert.match(asked().join(), /install -y --no-install-recommends rsyslog-openssl$/);
  });

  it('says what of sending logs is missing in an image that was said to have the software', () => {
    standIn('node', '');
    const { status, stderr } = run(true, NO_PATIENCE, { sendsLogs: 'tls' });
    assert.equal(status, 1);
    assert.match(stderr, /rsyslogd is missing: install rsyslog in it/);
    assert.match(stderr, /TLS \(lmnsd_ossl\.so\) is missing: install rsyslog-openssl in it/);
    assert.match(stderr, /install ca-certificates in it/);
    standIn('rsyslogd', '');
    assert.equal(run(true, NO_PATIENCE, { sendsLogs: 'tcp' }).status, 0);
    putCertificates();
    assert.equal(run(true, NO_PATIENCE, { sendsLogs: 'tls' }).status, 1);
    putSyslogTls();
    assert.equal(run(true, NO_PATIENCE, { sendsLogs: 'tls' }).status, 0);
  });

  it('says that Docker is missing in an image that was said to have the software', () => {
    standIn('node', '');
    putDaemonTemplate();
    const { status, stderr } = run(true, NO_PATIENCE, { hasDocker: true });
    assert.equal(status, 1);
    assert.match(stderr, /dockerd is missing: install docker\.io in it/);
  });

  it('says all that an image lacks at once, and goes on once it is there', () => {
    putDaemonTemplate();
    const { status, stderr } = run(true, NO_PATIENCE, { hasDocker: true });
    assert.equal(status, 1);
    for (const what of [
      /node is missing: install nodejs in it/,
      /dockerd is missing/,
      /install ca-certificates in it/,
    ])
      assert.match(stderr, what);
    standIn('node', '');
    standIn('dockerd', '');
    putCertificates();
    assert.equal(run(true, NO_PATIENCE, { hasDocker: true }).status, 0);
  });

  for (const [version, isOld] of [
    ['v8.17.0', true],
    ['v16.20.2', true],
    ['v17.9.1', true],
    ['v18.0.0', false],
    ['v22.11.0', false],
  ] as const) {
    it(`takes an image with node ${version} for ${isOld ? 'too old, and says so' : 'new enough'}`, () => {
      standIn('node', '');
      writeFileSync(join(folder, 'bin/node'), `#!/bin/bash\necho ${version}\n`);
      const { status, stderr } = run(true);
      assert.equal(status, isOld ? 1 : 0);
      assert.equal(stderr.includes(`node is ${version}: 18 is the oldest`), isOld);
    });
  }

  it('an image that brings its own media server has an engine for its containers', () => {
    standIn('node', '');
    const way = { mediaUnit: undefined, imageHasEngine: true };
    putCertificates();
    const { status, stderr } = run(true, NO_PATIENCE, way);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /dockerd is missing, and no podman answers at \/run\/docker\.sock: install docker\.io, or/,
    );
    standIn('podman', '');
    assert.equal(run(true, NO_PATIENCE, way).status, 1);
    mkdirSync(join(folder, 'root/run'), { recursive: true });
    writeFileSync(join(folder, 'root/run/docker.sock'), '');
    assert.equal(run(true, NO_PATIENCE, way).status, 0);
    // Where the container is ours to make, it is made as Docker is configured.
    putDaemonTemplate();
    assert.match(
      run(true, NO_PATIENCE, { hasDocker: true }).stderr,
      /dockerd is missing: install docker\.io in it/,
    );
  });

  it('says what is missing in an image that was said to have the software', () => {
    const { status, stderr } = run(true);
    assert.equal(status, 1);
    assert.match(stderr, /pool\.imageHasSoftware.*node is missing: install nodejs in it/);
  });

  it('stops where the boot program fails with the agent running', () => {
    standIn('node', 'exit 1');
    putUnit('ebbtide-agent.service');
    assert.equal(run(true, PATIENCE).status, 1);
    assert.deepEqual(asked(), []);
  });

  it('tries again for as long as there is no agent', () => {
    standIn('node', 'echo "node" >> "$LOG"; [ "$(/bin/grep -c node "$LOG")" -ge 3 ] || exit 3');
    putUnit('ebbtide-agent.service');
    const { status, stderr } = run(true, PATIENCE);
    assert.equal(status, 0, stderr);
    assert.deepEqual(asked(), ['node', 'sleep 15', 'node', 'sleep 15', 'node']);
    assert.match(stderr, /no agent has started \(3\): trying again in 15 s/);
  });

  it('goes no further in a try where the packages cannot be had', () => {
    standIn('apt-get', 'echo "apt-get $3" >> "$LOG"; exit 100');
    assert.equal(run(false).status, 100);
    assert.deepEqual(asked(), ['apt-get update', 'systemctl poweroff']);
    assert.ok(!existsSync(join(folder, 'root')));
  });

  it('switches the machine off where no agent has started in time', () => {
    standIn('node', 'exit 3');
    const { status, stderr } = run(true);
    assert.equal(status, 3);
    assert.deepEqual(asked(), ['systemctl poweroff']);
    assert.match(stderr, /no call has ever been here: the machine ends itself/);
  });

  it('never switches off a machine that may have calls', () => {
    standIn('node', 'exit 3');
    putUnit('livekit.service');
    assert.equal(run(true).status, 3);
    assert.deepEqual(asked(), []);
  });

  it('never switches off a machine whose image brings the media server, and tries for as long to get an agent', () => {
    standIn('dockerd', '');
    putCertificates();
    standIn('node', 'echo "node" >> "$LOG"; [ "$(/bin/grep -c node "$LOG")" -ge 2 ] || exit 3');
    assert.equal(run(true, PATIENCE, { mediaUnit: undefined }).status, 0);
    assert.deepEqual(asked(), ['node', 'sleep 15', 'node']);
    standIn('node', 'exit 3');
    const { status, stderr } = run(true, NO_PATIENCE, { mediaUnit: undefined });
    assert.equal(status, 3);
    assert.match(stderr, /the image's media server may have calls: the machine stays/);
    assert.ok(!asked().some((line) => line.includes('poweroff')));
  });

  it('never switches off a machine whose setup has begun', () => {
    standIn('node', 'exit 3');
    putUnit('ebbtide-setup.service');
    assert.equal(run(true, NO_PATIENCE, { mediaUnit: 'ebbtide-setup.service' }).status, 3);
    assert.deepEqual(asked(), []);
  });
});
