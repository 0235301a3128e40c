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
import { parseUnitFile } from '../../lab/instance/unit-file.ts';
import { awsNames } from '../../stacks/aws/names.ts';
import { awsNodeUserData } from '../../stacks/aws/node-user-data.ts';
import { type BootPatience, bootScript } from '../../stacks/boot-script.ts';
import { readSettings } from '../../stacks/settings.ts';
import { assertUserDataFits, packUserData, renderUserData } from '../../stacks/user-data.ts';
import { configValues, GOOD } from './stacks-mocks.ts';

function argsOf(changed: Record<string, unknown> = {}, boot = 'console.log("boot");\n') {
  const files = { text: () => undefined, sha256: () => undefined };
  const { settings } = readSettings(
    { values: configValues({ ...GOOD, ...changed }), isSecret: () => true },
    files,
  );
  return awsNodeUserData({
    settings,
    names: awsNames('media', 'eu-west-1'),
    bucket: 'ebbtide-media-1234',
    nodeRoleId: 'AROAEXAMPLE',
    boot,
    agent: { key: 'software/agent', sha256: 'b'.repeat(64) },
    media: { key: 'software/media', sha256: 'a'.repeat(64), member: 'livekit-server' },
    template: '0123456789ab',
  });
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

describe('user-data', () => {
  it('writes files, and runs the one script among them', () => {
    const { config, file } = render();
    assert.deepEqual(config.runcmd, [['/bin/bash', '/opt/ebbtide/boot.sh']]);
    assert.deepEqual([...file.keys()].sort(), [
      '/etc/ebbtide/boot.json',
      '/etc/ebbtide/templates/agent.json',
      '/etc/ebbtide/templates/ebbtide-agent.service',
      '/etc/ebbtide/templates/livekit.service',
      '/etc/ebbtide/templates/livekit.yaml',
      '/etc/ebbtide/templates/needrestart.conf',
      '/etc/ebbtide/templates/redis.json',
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
    assert.deepEqual(manifest.parameters, { keys: '/ebbtide/media/keys', redis: '/ebbtide/media/redis' });
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
    assert.equal(config.cloud.terminateHook, 'ebbtide-media-terminate');
  });

  it('leaves no placeholder in units but those that every node knows', () => {
    const { file } = render();
    for (const unit of ['ebbtide-agent.service', 'livekit.service']) {
      const content = file.get(`/etc/ebbtide/templates/${unit}`) ?? '';
      assert.deepEqual([...new Set(content.match(/\{\{\w+\}\}/g))], ['{{root}}']);
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
    assert.doesNotMatch(render().text, /ssss|10\.0\.0\.5/);
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
      () => assertUserDataFits(argsOf({}, noise)),
      /and EC2 takes 16384\. By file: \/opt\/ebbtide\/boot\.cjs \d{5}/,
    );
    assertUserDataFits(argsOf());
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
    writeFileSync(join(folder, 'bin', name), `#!/bin/bash\n${script}\n`);
    chmodSync(join(folder, 'bin', name), 0o755);
  }

  const NO_PATIENCE: BootPatience = { tryForSeconds: 0, waitSeconds: 15 };
  const PATIENCE: BootPatience = { tryForSeconds: 600, waitSeconds: 15 };

  /** Runs the script with a PATH that has mkdir, ln and the stand-ins, and nothing else. */
  function run(imageHasSoftware: boolean, patience = NO_PATIENCE) {
    standIn('mkdir', '/bin/mkdir "$@"');
    standIn('ln', '/bin/ln "$@"');
    standIn('systemctl', 'echo "systemctl $*" >> "$LOG"');
    standIn('sleep', 'echo "sleep $*" >> "$LOG"');
    const script = join(folder, 'boot.sh');
    writeFileSync(script, bootScript(imageHasSoftware, patience));
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
});
