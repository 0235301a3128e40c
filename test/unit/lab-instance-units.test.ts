import assert from 'node:assert/strict';
import { parseUnitFile } from '../../lab/instance/unit-file.ts';
import {
  AT_REST,
  afterEnd,
  afterStartLimit,
  mayStart,
  renderProperties,
  type UnitState,
} from '../../lab/instance/unit-state.ts';

const unit = (service: string, rest = '') =>
  parseUnitFile('a.service', `${rest}[Service]\nExecStart=/usr/bin/env true\n${service}`);

describe('lab instance: unit files', () => {
  it('reads what the supervisor acts on', () => {
    const file = unit(
      'Restart=on-failure\nRestartSec=1min 500ms\nKillMode=mixed\nEnvironment=A=1 "B=two words"\nEnvironment=C=3\nTimeoutStopSec=infinity\nRuntimeDirectory=x y\n',
      '[Unit]\nRefuseManualStop=yes\nStartLimitIntervalSec=60\nStartLimitBurst=2\nConditionPathExists=/x\nConditionPathExists=!/y\n',
    );
    assert.deepEqual(file, {
      execStart: ['/usr/bin/env', 'true'],
      type: 'simple',
      environment: { A: '1', B: 'two words', C: '3' },
      restart: 'on-failure',
      restartMs: 60_500,
      killMode: 'mixed',
      refuseManualStop: true,
      conditions: [
        { path: '/x', exists: true },
        { path: '/y', exists: false },
      ],
      startLimit: { intervalMs: 60_000, burst: 2 },
      stopTimeoutMs: Number.POSITIVE_INFINITY,
      runtimeDirectories: ['x', 'y'],
      stateDirectories: [],
    });
  });

  it('has the defaults of systemd', () => {
    const { restart, restartMs, killMode, startLimit, stopTimeoutMs } = unit('');
    assert.deepEqual(
      { restart, restartMs, killMode, startLimit, stopTimeoutMs },
      {
        restart: 'no',
        restartMs: 100,
        killMode: 'control-group',
        startLimit: { intervalMs: 10_000, burst: 5 },
        stopTimeoutMs: 90_000,
      },
    );
  });

  const refused: [service: string, says: RegExp][] = [
    ['Restrat=always\n', /"Restrat=always" in \[Service\]/],
    ['Restart=on-abort\n', /Restart=on-abort is not rehearsed/],
    ['Type=notify\n', /Type=notify/],
    ['Type=oneshot\n', /with RemainAfterExit=yes only/],
    ['RestartSec=1 fortnight\n', /no time span/],
    ['ExecStart=/usr/bin/env false\n', /must have one ExecStart, has 2/],
  ];
  for (const [service, says] of refused) {
    it(`refuses ${service.trim()}`, () => assert.throws(() => unit(service), says));
  }
});

describe('lab instance: what becomes of a unit', () => {
  const running: UnitState = {
    ...AT_REST,
    active: 'active',
    sub: 'running',
    mainPid: 7,
    startedMonotonicUs: 5,
  };
  type Row = [restart: string, code: number | null, signal: NodeJS.Signals | null, then: string];
  const rows: Row[] = [
    ['no', 0, null, 'inactive dead success 1/0'],
    ['no', 3, null, 'failed failed exit-code 1/3'],
    ['no', null, 'SIGKILL', 'failed failed signal 2/9'],
    ['no', null, 'SIGTERM', 'inactive dead success 2/15'],
    ['on-failure', 0, null, 'inactive dead success 1/0'],
    ['on-failure', null, 'SIGTERM', 'inactive dead success 2/15'],
    ['on-failure', 1, null, 'activating auto-restart exit-code 1/1'],
    ['on-failure', null, 'SIGSEGV', 'activating auto-restart signal 2/11'],
    ['always', 0, null, 'activating auto-restart success 1/0'],
    ['always', null, 'SIGKILL', 'activating auto-restart signal 2/9'],
  ];
  for (const [restart, code, signal, then] of rows) {
    it(`Restart=${restart}, ended with ${signal ?? code}: ${then}`, () => {
      const after = afterEnd(unit(`Restart=${restart}\n`), running, { code, signal });
      assert.equal(
        `${after.active} ${after.sub} ${after.result} ${after.exit.code}/${after.exit.status}`,
        then,
      );
      assert.equal(after.mainPid, 0);
    });
  }

  const oneshots: [code: number, then: string][] = [
    [0, 'active exited success'],
    [1, 'failed failed exit-code'],
  ];
  for (const [code, then] of oneshots) {
    it(`a oneshot that ended with ${code}: ${then}`, () => {
      const file = unit('Type=oneshot\nRemainAfterExit=yes\n');
      const after = afterEnd(
        file,
        { ...running, active: 'activating', sub: 'start' },
        { code, signal: null },
      );
      assert.equal(`${after.active} ${after.sub} ${after.result}`, then);
    });
  }

  it('stopped by hand it stays down, whatever Restart says', () => {
    const stopping: UnitState = { ...running, active: 'deactivating', sub: 'stop-sigterm' };
    const after = afterEnd(unit('Restart=always\n'), stopping, { code: null, signal: 'SIGKILL' });
    assert.equal(after.active, 'inactive');
  });

  it('starts no more often than its limit, and keeps what made it fail', () => {
    const file = unit('', '[Unit]\nStartLimitIntervalSec=10\nStartLimitBurst=2\n');
    assert.deepEqual(
      [mayStart(file, [0], 500), mayStart(file, [0, 400], 500), mayStart(file, [0, 400], 10_100)],
      [true, false, true],
    );
    assert.ok(mayStart(unit('', '[Unit]\nStartLimitIntervalSec=0\n'), [0, 0, 0, 0, 0, 0, 0], 1));
    assert.equal(afterStartLimit({ ...running, result: 'exit-code' }).result, 'exit-code');
    assert.equal(afterStartLimit(running).result, 'start-limit-hit');
  });

  it('is told as systemd tells it', () => {
    const shown = renderProperties('a.service', unit('Restart=always\n'), { ...running, restarts: 2 }).split(
      '\n',
    );
    for (const line of [
      'Id=a.service',
      'LoadState=loaded',
      'ActiveState=active',
      'SubState=running',
      'MainPID=7',
      'NRestarts=2',
    ]) {
      assert.ok(shown.includes(line), line);
    }
  });
});
