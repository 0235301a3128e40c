import * as assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, it } from 'mocha';
import { findProgram } from '../../lab/instance/tools.ts';
import { fillPlaceholders } from '../../node-agent/boot/placeholders.ts';
import { nodeMedia } from '../../stacks/node-media.ts';
import { AGENT_UNIT, agentUnit } from '../../stacks/node-units.ts';
import { readSettings } from '../../stacks/settings.ts';
import { configValues, GOOD } from './stacks-mocks.ts';

const FILE = { key: 'software/x', sha256: 'a'.repeat(64) };
const SETUP = { file: 'setup.sh', sha256: 'a'.repeat(64) };
const IMAGE = `docker.io/livekit/livekit-server@sha256:${'a'.repeat(64)}`;

/** What is on a node once it has booted, by path. */
function placedFor(changed: Record<string, unknown>): Map<string, string> {
  const { settings } = readSettings(
    { values: configValues({ ...GOOD, ...changed }), isSecret: () => true },
    { text: () => undefined, sha256: () => 'a'.repeat(64) },
  );
  const needsFile =
    settings.media.setup !== undefined ||
    ('artifact' in settings.media && settings.media.artifact !== undefined);
  const { files, stage } = nodeMedia(settings, needsFile ? FILE : undefined);
  const values = new Map(
    ['node', 'keys', 'redis', 'nodeIp', 'signalPort', 'rtcTcpPort', 'rtcUdpPort', 'metricsPort'].map(
      (name) => [name, name] as const,
    ),
  ).set('root', '');
  const texts = new Map(files.map(({ path, content }) => [path, content]));
  return new Map([
    [`/etc/systemd/system/${AGENT_UNIT}`, fillPlaceholders(agentUnit.content, values)],
    ...stage.templates.map(
      ({ from, to }) => [to, fillPlaceholders(texts.get(from) ?? assert.fail(from), values)] as const,
    ),
  ]);
}

const IN_IMAGE = { pool: { name: 'media', image: 'ami-0123456789abcdef0', imageHasSoftware: true } };

/** `refuses`: the unit that takes no manual stop; `engine`: containers, which outlive their daemon. */
const KINDS: {
  kind: string;
  changed: Record<string, unknown>;
  refuses: string | undefined;
  spared: string[];
}[] = [
  { kind: 'LiveKit as a program', changed: {}, refuses: 'livekit.service', spared: ['livekit'] },
  {
    kind: 'LiveKit as a container',
    changed: { media: { image: IMAGE } },
    refuses: 'livekit.service',
    spared: ['livekit', 'docker', 'containerd'],
  },
  {
    kind: "a script with a unit of the operator's",
    changed: { media: { setup: { ...SETUP, unit: 'sfu.service' } } },
    refuses: 'sfu.service',
    spared: ['sfu'],
  },
  {
    kind: "a script with a container of the operator's",
    changed: { media: { setup: { ...SETUP, container: 'sfu' } } },
    refuses: undefined,
    spared: ['docker', 'containerd'],
  },
  {
    kind: 'OpenVidu by a script',
    changed: { media: { kind: 'openvidu', setup: SETUP } },
    refuses: undefined,
    spared: ['docker', 'containerd'],
  },
  {
    kind: 'OpenVidu in the image',
    changed: { media: { kind: 'openvidu' }, ...IN_IMAGE },
    refuses: undefined,
    spared: ['docker', 'containerd'],
  },
];

describe('nothing but the agent tells the media to end', () => {
  for (const { kind, changed, refuses, spared } of KINDS) {
    it(`${kind}: no upgrade restarts it, and none reboots the machine`, () => {
      const placed = placedFor(changed);
      const needrestart = placed.get('/etc/needrestart/conf.d/ebbtide.conf') ?? '';
      assert.deepEqual(
        [...needrestart.matchAll(/qr\(\^(\w+)\\\.service\$\)\} = 0;/g)].map(([, name]) => name),
        spared,
      );
      assert.equal(
        placed.get('/etc/apt/apt.conf.d/99ebbtide'),
        'Unattended-Upgrade::Automatic-Reboot "false";\n',
      );
    });

    if (refuses !== undefined)
      it(`${kind}: ${refuses} takes no manual stop`, () => {
        const placed = placedFor(changed);
        const own = placed.get(`/etc/systemd/system/${refuses}`);
        if (own !== undefined) return assert.match(own, /^RefuseManualStop=yes$/m);
        // A script may have to start its unit again: it refuses from the script's end on.
        const setup = placed.get('/etc/systemd/system/ebbtide-setup.service') ?? '';
        const drop = `/etc/systemd/system/${refuses}.d/ebbtide-refuse.conf`;
        assert.match(
          setup,
          new RegExp(
            `^ExecStartPost=/usr/bin/install -D -m 0644 /etc/ebbtide/refuse-stop.conf ${drop}$`,
            'm',
          ),
        );
        assert.match(setup, /^ExecStartPost=\/usr\/bin\/systemctl daemon-reload$/m);
        // One that was cut short before that is run again.
        const steps = [...setup.matchAll(/^ExecStartPost=(.*)$/gm)].map(([, step]) => step);
        assert.equal(steps.at(-1), '/usr/bin/touch /var/lib/ebbtide/setup-done');
        assert.equal(placed.get('/etc/ebbtide/refuse-stop.conf'), '[Unit]\nRefuseManualStop=yes\n');
      });

    it(`${kind}: systemd takes every unit as it is (needs systemd-analyze)`, function () {
      if (findProgram('systemd-analyze') === undefined) return this.skip();
      const folder = mkdtempSync(join(tmpdir(), 'ebbtide-units-'));
      try {
        const units = [...placedFor(changed)].filter(([path]) => path.startsWith('/etc/systemd/system/'));
        for (const [path, text] of units) {
          const to = join(folder, path.replace('/etc/systemd/system/', ''));
          mkdirSync(dirname(to), { recursive: true });
          // The programs are on a node, and not here.
          writeFileSync(to, text.replaceAll(/^(Exec\w+)=\S+/gm, '$1=/bin/true'));
        }
        const services = units.map(([path]) => basename(path)).filter((name) => name.endsWith('.service'));
        const paths = services.map((name) => join(folder, name));
        const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], {
          encoding: 'utf8',
          env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` },
        });
        const ours = stderr
          .split('\n')
          .filter((line) => line.includes(folder) || /Unknown|Failed to parse/.test(line));
        assert.deepEqual([status, ours], [0, []], stderr);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }

  it('no agent that ends, is restarted or updated takes anything with it, and none is ended for want of memory', () => {
    const { content } = agentUnit;
    for (const line of [
      'KillMode=process',
      'Restart=always',
      'StartLimitIntervalSec=0',
      'OOMScoreAdjust=-900',
    ])
      assert.ok(content.split('\n').includes(line), line);
  });

  it('LiveKit gets one signal from a shutdown at most, and is not killed after it', () => {
    const unit = placedFor({}).get('/etc/systemd/system/livekit.service') ?? '';
    for (const line of ['TimeoutStopSec=infinity', 'ManagedOOMPreference=omit'])
      assert.ok(unit.split('\n').includes(line), line);
    const container = placedFor({ media: { image: IMAGE } }).get('/etc/systemd/system/livekit.service') ?? '';
    assert.match(container, /^ExecStop=.* await-media /m, 'a shutdown waits, and signals nothing');
  });
});
