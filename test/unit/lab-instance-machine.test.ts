import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LabMachine, LogLine } from '../../lab/instance/lab-machine.ts';
import { LabMachines } from '../../lab/instance/machine-factory.ts';

const MEDIA = `[Unit]
RefuseManualStop=yes
[Service]
ExecStart=/usr/bin/env bash {{root}}/opt/media.sh
Environment=COLOUR=blue
Restart=on-failure
RestartSec=50ms
KillMode=mixed
RuntimeDirectory=media
[Install]
WantedBy=multi-user.target
`;
const AGENT = `[Service]
ExecStart=/usr/bin/env bash -c 'echo agent up; exec sleep 1000'
Restart=always
RestartSec=50ms
KillMode=process
[Install]
WantedBy=multi-user.target
`;
const BOOT = `set -euo pipefail
ROOT="\${EBBTIDE_ROOT:-}"
command -v curl && exit 1
apt-get update
useradd --system ebbtide-media
mkdir -p "$ROOT/opt"
for unit in media agent; do
  sed "s|{{root}}|$ROOT|" "$ROOT/etc/ebbtide/$unit" > "$ROOT/etc/systemd/system/ebbtide-$unit.service"
done
systemctl daemon-reload
systemctl enable --now ebbtide-agent.service
systemctl enable --now ebbtide-media
`;

function userData(files: Record<string, string>): string {
  const write = Object.entries(files).map(([path, content]) => ({ path, content }));
  return `#cloud-config\n${JSON.stringify({ write_files: write, runcmd: [['/bin/bash', '/opt/boot.sh']] })}`;
}

async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A zombie that nobody has collected yet lives no more. */
function alive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return /^[^Z]/.test(stdout.trim());
}

describe('lab instance: a machine', () => {
  let machines: LabMachines;
  let lines: LogLine[];

  beforeEach(() => {
    lines = [];
    machines = new LabMachines({
      onLog: (line) => lines.push(line),
      agentUnit: 'ebbtide-agent.service',
      mediaUnit: 'ebbtide-media.service',
      cpuOf: () => 140,
    });
  });
  afterEach(() => machines.dispose());

  function create(change: { files?: Record<string, string>; runsAgent?: boolean } = {}): LabMachine {
    const media = 'echo "$COLOUR $RUNTIME_DIRECTORY"; sleep 1000 & echo "child $!"; wait\n';
    const files = {
      '/opt/boot.sh': BOOT,
      '/opt/media.sh': media,
      '/etc/ebbtide/media': MEDIA,
      '/etc/ebbtide/agent': AGENT,
    };
    return machines.create({
      instanceId: 'i-1',
      init: { kind: 'cloud-config', userData: userData({ ...files, ...change.files }) },
      environment: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
      privateIp: '127.0.0.1',
      runsAgent: change.runsAgent ?? true,
    });
  }

  const said = (unit: string) => lines.filter((line) => line.unit === unit).map(({ line }) => line);
  const media = (machine: LabMachine) => machine.pidOf('ebbtide-media.service');
  const agent = (machine: LabMachine) => machine.pidOf('ebbtide-agent.service');
  async function systemctl(machine: LabMachine, ...words: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(join(machine.root, 'usr/bin/systemctl'), words);
    return stdout;
  }

  it('has a disk of its own, though its name was another’s before', async () => {
    const first = create();
    await first.terminate();
    const second = create();
    assert.notEqual(second.root, first.root);
    assert.equal(machines.machine('i-1'), second);
  });

  it('boots from its user-data, starts its units, and tells of them as systemd does', async () => {
    const machine = create();
    await machine.boot();
    await eventually('media spoke', () => said('ebbtide-media.service').length === 2);
    assert.equal(said('ebbtide-media.service')[0], `blue ${machine.root}/run/media`);
    assert.equal(
      await systemctl(
        machine,
        'show',
        'ebbtide-media',
        '--property=ActiveState,MainPID',
        '--property=LoadState',
      ),
      `MainPID=${media(machine)}\nLoadState=loaded\nActiveState=active\n`,
    );
    assert.equal(
      await systemctl(machine, 'show', 'nothing.service', '--property=Id,LoadState,ActiveState,MainPID'),
      'Id=nothing.service\nMainPID=0\nLoadState=not-found\nActiveState=inactive\n',
    );
    assert.equal(await systemctl(machine, 'is-active', 'ebbtide-media'), 'active\n');
    assert.equal(
      readFileSync(join(machine.root, 'var/log/noted.log'), 'utf8'),
      'apt-get update\nuseradd --system ebbtide-media\n',
    );
    const { placeholders } = JSON.parse(readFileSync(join(machine.root, 'etc/ebbtide/node.json'), 'utf8'));
    assert.equal(placeholders.metricsPort, String(machine.metricsPort));
    assert.equal(new Set(Object.values(machine.ports)).size, 5);
    assert.equal(machine.cpu(), 100);
  });

  it('refuses a manual stop where the unit says so, and any other word that it does not know', async () => {
    const machine = create();
    await machine.boot();
    await assert.rejects(systemctl(machine, 'stop', 'ebbtide-media'), (error: Error) => {
      assert.match(error.message, /Operation refused, unit ebbtide-media.service/);
      assert.equal(Reflect.get(error, 'code'), 4);
      return true;
    });
    assert.ok(alive(media(machine)));
    await assert.rejects(systemctl(machine, 'mask', 'ebbtide-media'), /is not rehearsed/);
    await systemctl(machine, 'stop', 'ebbtide-agent');
    assert.match(await systemctl(machine, 'show', 'ebbtide-agent'), /ActiveState=inactive/);
  });

  it('starts a crashed unit again, and lets what the main process left behind end with it', async () => {
    const machine = create();
    await machine.boot();
    await eventually('media has a child', () => said('ebbtide-media.service').length === 2);
    const child = Number(said('ebbtide-media.service')[1]?.split(' ')[1]);
    const before = media(machine);
    machine.crashMedia();
    await eventually('another process', () => media(machine) !== before && media(machine) !== 0);
    await eventually('its child is gone', () => !alive(child));
    assert.match(await systemctl(machine, 'show', 'ebbtide-media', '--property=NRestarts'), /^NRestarts=1$/m);
    const agentBefore = agent(machine);
    machine.killAgent();
    await eventually('another agent', () => agent(machine) !== agentBefore && agent(machine) !== 0);
  });

  it('tells an orderly end from a failure, and starts again by hand', async () => {
    const machine = create({
      files: { '/opt/media.sh': 'trap "exit 0" TERM; echo up; while :; do sleep 0.02; done\n' },
    });
    await machine.boot();
    await eventually('media is up', () => said('ebbtide-media.service').length === 1);
    machine.crashMedia('SIGTERM');
    await eventually('it ended', () => media(machine) === 0);
    assert.equal(
      await systemctl(
        machine,
        'show',
        'ebbtide-media',
        '--property=Result,ActiveState,SubState,ExecMainCode,ExecMainStatus',
      ),
      'Result=success\nExecMainCode=1\nExecMainStatus=0\nActiveState=inactive\nSubState=dead\n',
    );
    await systemctl(machine, 'reset-failed', 'ebbtide-media');
    await systemctl(machine, 'start', 'ebbtide-media');
    assert.notEqual(media(machine), 0);
  });

  it('waits for the one process of a oneshot, runs it once a life, and fails with it', async () => {
    const oneshot = (script: string) =>
      `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/bin/env bash -c '${script}'\n[Install]\nWantedBy=multi-user.target\n`;
    const machine = create({
      files: {
        '/etc/systemd/system/once.service': oneshot('sleep 0.2; echo done'),
        '/etc/systemd/system/fails.service': oneshot('exit 3'),
      },
    });
    await machine.boot();
    assert.deepEqual(await machine.command('enable', '--now', 'once.service'), { code: 0, text: '' });
    assert.deepEqual(said('once.service'), ['done']);
    assert.deepEqual(await machine.command('is-active', 'once.service'), { code: 0, text: 'active\n' });
    await machine.command('start', 'once.service');
    assert.deepEqual(said('once.service'), ['done']);
    const failed = await machine.command('start', 'fails.service');
    assert.equal(failed.code, 1);
    assert.match(failed.text, /Job for fails\.service failed/);
    await machine.reboot();
    await eventually('it runs again', () => said('once.service').length === 2);
  });

  it('starts nothing that a condition holds back: by hand, at a boot, or after a crash', async () => {
    const unit = (service: string) =>
      `[Unit]\nConditionPathExists=!{{root}}/var/lib/leaving\n[Service]\n${service}\n[Install]\nWantedBy=multi-user.target\n`;
    const server = unit('ExecStart=/usr/bin/env sleep 1000\nRestart=on-failure\nRestartSec=50ms');
    const once = unit('Type=oneshot\nRemainAfterExit=yes\nExecStart=/usr/bin/env true');
    const machine = create();
    await machine.boot();
    const mark = join(machine.root, 'var/lib/leaving');
    for (const [name, text] of [
      ['server.service', server],
      ['once.service', once],
    ] as const) {
      writeFileSync(
        join(machine.root, 'etc/systemd/system', name),
        text.replaceAll('{{root}}', machine.root),
      );
      assert.deepEqual(await machine.command('enable', '--now', name), { code: 0, text: '' });
      assert.equal((await machine.command('is-active', name)).text, 'active\n');
    }
    writeFileSync(mark, '');
    process.kill(machine.pidOf('server.service'), 'SIGKILL');
    await eventually('it stays down', async () => {
      return (await machine.command('is-active', 'server.service')).text === 'inactive\n';
    });
    await machine.reboot();
    for (const name of ['server.service', 'once.service']) {
      assert.deepEqual(await machine.command('enable', '--now', name), { code: 0, text: '' });
      assert.equal((await machine.command('is-active', name)).text, 'inactive\n');
    }
    assert.equal(machine.pidOf('server.service'), 0);
  });

  it("takes an operator's own script for done, says so, and never runs it", async () => {
    const machine = create({
      files: { '/etc/systemd/system/ebbtide-setup.service': '[Service]\nExecStart=/usr/bin/env touch x\n' },
    });
    await machine.boot();
    assert.deepEqual(await machine.command('enable', '--now', 'ebbtide-setup.service'), {
      code: 0,
      text: '',
    });
    assert.deepEqual(said('ebbtide-setup.service'), ["lab: the operator's own script is not rehearsed"]);
    assert.equal(machine.pidOf('ebbtide-setup.service'), 0);
  });

  it('taken away, nothing of it lives on, also what left its group', async () => {
    const away = `node -e 'const c = require("child_process").spawn("sleep", ["1000"], { detached: true }); console.log(c.pid); setInterval(() => 0, 1e3)'\n`;
    const machine = create({ files: { '/opt/media.sh': away } });
    await machine.boot();
    await eventually('media spoke', () => said('ebbtide-media.service').length === 1);
    const pids = [media(machine), agent(machine), Number(said('ebbtide-media.service')[0])];
    assert.deepEqual(pids.map(alive), [true, true, true]);
    await machine.terminate();
    assert.equal(machine.takenAway(), true);
    await eventually('all are gone', () => !pids.some(alive));
  });

  it('after a reset its enabled units start anew, and /run is empty', async () => {
    const machine = create();
    await machine.boot();
    const before = [media(machine), agent(machine)];
    writeFileSync(join(machine.root, 'run/trace'), '');
    await machine.reboot();
    assert.equal(existsSync(join(machine.root, 'run/trace')), false);
    assert.equal(machine.takenAway(), false);
    assert.ok([media(machine), agent(machine)].every((pid) => pid !== 0 && !before.includes(pid)));
    assert.match(await systemctl(machine, 'show', 'ebbtide-media'), /ActiveState=active/);
  });

  it('runs a startup-script at every boot, and user-data at the first only', async () => {
    const script = '#!/bin/bash\necho booted >> "$EBBTIDE_ROOT/var/log/boots"\n';
    const others = { environment: {}, privateIp: '127.0.0.1', runsAgent: true };
    const google = machines.create({
      ...others,
      instanceId: 'media-abcd',
      init: { kind: 'startup-script', script },
    });
    const amazon = machines.create({
      ...others,
      instanceId: 'i-2',
      init: { kind: 'cloud-config', userData: userData({ '/opt/boot.sh': script }) },
    });
    for (const [machine, boots] of [
      [google, 2],
      [amazon, 1],
    ] as const) {
      await machine.boot();
      await machine.reboot();
      assert.equal(readFileSync(join(machine.root, 'var/log/boots'), 'utf8'), 'booted\n'.repeat(boots));
    }
  });

  it('without Ebbtide the agent is taken for started and never is', async () => {
    const machine = create({ runsAgent: false });
    await machine.boot();
    assert.equal(agent(machine), 0);
    assert.notEqual(media(machine), 0);
  });

  const failures: [what: string, boot: string, says: RegExp][] = [
    [
      'a script that fails',
      'echo "no such thing" >&2; exit 3\n',
      /what i-1 runs at boot failed with 3: no such thing/,
    ],
    ['a program that is not there', 'curl http://example.com\n', /curl: command not found/],
    ['a write beside the root', 'set -e\nmkdir /etc/lab-was-here\n', /mkdir refused: \/etc\/lab-was-here/],
    ['a way around', 'set -e\ntouch "$EBBTIDE_ROOT/../../lab-was-here"\n', /touch refused/],
    [
      'a redirection beside the root',
      'echo x > /etc/lab-was-here\n',
      /boot.sh writes to \/etc\/lab-was-here/,
    ],
    [
      'a unit that is not there',
      'systemctl start x.service\n',
      /failed with 5: Failed to start x.service: Unit x.service not found/,
    ],
  ];
  for (const [what, boot, says] of failures) {
    it(`does not boot with ${what}, and says why`, async () => {
      await assert.rejects(create({ files: { '/opt/boot.sh': boot } }).boot(), says);
      assert.equal(existsSync('/etc/lab-was-here'), false);
    });
  }

  it('switched off from inside, notes it and runs nothing any more', async () => {
    const machine = create();
    await machine.boot();
    const pid = machine.pidOf('ebbtide-media.service');
    assert.deepEqual(await machine.command('poweroff'), { code: 0, text: '' });
    assert.equal(alive(pid), false);
    assert.match(readFileSync(join(machine.root, 'var/log/noted.log'), 'utf8'), /^systemctl poweroff$/m);
  });

  it('a machine that is taken away while it boots says so', async () => {
    const machine = create({ files: { '/opt/boot.sh': 'echo on; sleep 1000\n' } });
    const booting = machine.boot();
    const log = join(machine.root, 'var/log/cloud-init-output.log');
    await eventually('boot began', () => existsSync(log));
    await machine.terminate();
    await assert.rejects(booting, /taken away while it booted/);
  });

  for (const { what, signal, cleared } of [
    { what: 'interrupted', signal: 'SIGINT', cleared: true },
    // A lab that is killed can clear nothing away: its folder stays.
    { what: 'killed', signal: 'SIGKILL', cleared: false },
  ]) {
    it(`is gone with the lab, also when the lab is ${what}`, async () => {
      const program = `
        import { LabMachines } from ${JSON.stringify(join(import.meta.dirname, '../../lab/instance/machine-factory.ts'))};
        const machines = new LabMachines({ onLog: () => undefined, mediaUnit: 'ebbtide-media.service' });
        const machine = machines.create(${JSON.stringify({
          instanceId: 'i-1',
          init: {
            kind: 'cloud-config',
            userData: userData({
              '/opt/boot.sh': BOOT,
              '/opt/media.sh': 'exec sleep 1000',
              '/etc/ebbtide/media': MEDIA,
              '/etc/ebbtide/agent': AGENT,
            }),
          },
          environment: {},
          privateIp: '127.0.0.1',
          runsAgent: true,
        })});
        machine.boot().then(() => {
          process.stdout.write(machine.pidOf('ebbtide-media.service') + ' ' + machine.pidOf('ebbtide-agent.service') + ' ' + machines.folder);
          process.kill(process.pid, '${signal}');
        });
      `;
      const file = join(machines.folder, 'lab.mts');
      writeFileSync(file, program);
      const ended = spawnSync(process.execPath, ['--import', 'tsx', file], {
        encoding: 'utf8',
        cwd: join(import.meta.dirname, '../..'),
        env: { ...process.env, TMPDIR: machines.folder },
      });
      assert.equal(ended.signal, signal, ended.stderr);
      const [mediaPid, agentPid, itsFolder = ''] = ended.stdout.split(' ');
      const pids = [Number(mediaPid), Number(agentPid)];
      assert.ok(
        pids.every((pid) => pid > 0),
        ended.stdout,
      );
      await eventually('all are gone', () => !pids.some(alive));
      assert.equal(existsSync(itsFolder), !cleared);
    });
  }
});
