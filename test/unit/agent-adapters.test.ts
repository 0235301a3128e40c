import * as assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { VERSION } from '../../fleet/version.ts';
import { type DurableState, type MediaProcess, startState } from '../../node-agent/core/state.ts';
import { createLivekit, workFromMetrics } from '../../node-agent/media/livekit.ts';
import { createPidFileRuntime } from '../../node-agent/runtime/pid-file.ts';
import { readLife, signalLife } from '../../node-agent/runtime/process-table.ts';
import { parseUnit, readingWithoutProcess } from '../../node-agent/runtime/systemd.ts';
import { AlreadyRunningError, takeLock } from '../../node-agent/store/lock.ts';
import { createStateFile } from '../../node-agent/store/state-file.ts';

let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ebbtide-test-'));
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function sleeper(): Promise<number> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  children.push(child);
  await new Promise((resolve) => child.once('spawn', resolve));
  assert.ok(child.pid !== undefined);
  return child.pid;
}

async function end(pid: number): Promise<void> {
  const child = children.find((known) => known.pid === pid);
  assert.ok(child !== undefined);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

describe('LiveKit metrics', () => {
  const answers: { given: string; answer: 'nothing' | number | 'nobody'; nobodyListens: true | undefined }[] =
    [
      { given: 'nobody listens', answer: 'nobody', nobodyListens: true },
      { given: 'somebody listens and is silent', answer: 'nothing', nobodyListens: undefined },
      { given: 'somebody answers with an error', answer: 503, nobodyListens: undefined },
    ];
  for (const { given, answer, nobodyListens } of answers) {
    it(`${given}: unknown, and ${nobodyListens ? '' : 'not '}proven to be gone`, async () => {
      const server = createServer((_, outgoing) => {
        if (typeof answer === 'number') outgoing.writeHead(answer).end();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      assert.ok(address !== null && typeof address === 'object');
      const close = () => new Promise((resolve) => server.close(resolve));
      if (answer === 'nobody') await close();
      const metricsUrl = `http://127.0.0.1:${address.port}/metrics`;
      const options = { metricsUrl, redisFile: undefined, timeoutMs: 200, now: Date.now };
      const reading = await createLivekit(options).readWork();
      server.closeAllConnections();
      if (answer !== 'nobody') await close();
      assert.equal(reading.kind, 'unknown');
      assert.equal(reading.nobodyListens, nobodyListens);
    });
  }

  const page = (rooms: string, people: string, tracks = '') =>
    `# HELP x\nlivekit_room_total{node_id="ND_1",node_type="SERVER"} ${rooms}\nlivekit_participant_total{node_id="ND_1"} ${people}\n${tracks}`;
  const cases = [
    {
      given: 'a page of a busy server',
      text: page(
        '2',
        '7',
        'livekit_track_published_total{kind="audio"} 3\nlivekit_track_published_total{kind="video"} 1\n',
      ),
      then: { rooms: 2, people: 7, tracks: 4 },
    },
    {
      given: 'a page of an idle server, without tracks',
      text: page('0', '0'),
      then: { rooms: 0, people: 0, tracks: 0 },
    },
    {
      given: 'another name that begins alike',
      text: page('1', '1', 'livekit_room_total_other 9\n'),
      then: { rooms: 1, people: 1, tracks: 0 },
    },
    { given: 'an empty page', text: '', then: 'livekit_room_total' },
    { given: 'a page of something else', text: 'up 1\n', then: 'livekit_room_total' },
    { given: 'a page without people', text: 'livekit_room_total 0\n', then: 'livekit_participant_total' },
    { given: 'a value that is none', text: page('NaN', '0'), then: 'NaN rooms' },
    { given: 'a negative value', text: page('0', '-1'), then: '-1 people' },
    {
      given: 'a page that breaks off',
      text: 'livekit_room_total{node_id="ND_1"} 0\nlivekit_participant_tot',
      then: 'livekit_participant_total',
    },
  ];
  for (const { given, text, then } of cases) {
    it(`${given}: ${typeof then === 'string' ? 'unknown' : 'known'}`, () => {
      const reading = workFromMetrics(text);
      if (typeof then === 'string') {
        assert.equal(reading.kind, 'unknown');
        assert.match(reading.kind === 'unknown' ? reading.reason : '', new RegExp(then));
      } else
        assert.deepEqual(reading, { kind: 'known', work: { ...then, egress: 0, ingress: 0, agents: 0 } });
    });
  }
});

describe('a systemd unit without a process', () => {
  const unit = (lines: Record<string, string>) =>
    parseUnit(
      Object.entries({
        LoadState: 'loaded',
        ActiveState: 'inactive',
        SubState: 'dead',
        Result: 'success',
        MainPID: '0',
        ...lines,
      })
        .map(([key, value]) => `${key}=${value}`)
        .join('\n'),
    );
  const cases = [
    { given: 'at rest, never ran', lines: {}, willStart: [], clean: undefined },
    { given: 'ended well', lines: { ExecMainCode: '1', ExecMainStatus: '0' }, willStart: [], clean: true },
    {
      given: 'failed for good',
      lines: {
        ActiveState: 'failed',
        SubState: 'failed',
        Result: 'signal',
        ExecMainCode: '2',
        ExecMainStatus: '11',
      },
      willStart: [],
      clean: false,
    },
    {
      given: 'about to be restarted',
      lines: {
        ActiveState: 'activating',
        SubState: 'auto-restart',
        Result: 'exit-code',
        ExecMainCode: '1',
        ExecMainStatus: '1',
      },
      willStart: ['livekit'],
      clean: false,
    },
    { given: 'queued at boot', lines: { Job: '123' }, willStart: ['livekit'], clean: undefined },
    {
      given: 'on its way out',
      lines: { ActiveState: 'deactivating', SubState: 'stop-sigterm' },
      willStart: ['livekit'],
      clean: undefined,
    },
  ];
  for (const { given, lines, willStart, clean } of cases) {
    it(`${given}: ${willStart.length === 0 ? 'over' : 'not over'}`, () => {
      const reading = readingWithoutProcess('livekit', unit(lines));
      assert.ok(reading.kind === 'answered');
      assert.deepEqual(reading.willStart, willStart);
      assert.equal(reading.exits?.[0]?.clean, clean);
    });
  }

  it('an answer that is none is an error, not a unit at rest', () => {
    assert.throws(() => parseUnit('Failed to connect to bus'), /said something else/);
  });
});

describe('the process table', () => {
  it('tells one life from the next, and signals only the one that is meant', async () => {
    const pid = await sleeper();
    const life = await readLife(pid);
    assert.ok(life !== undefined);
    assert.ok(Math.abs(life.startedAt - Date.now()) < 5_000, 'its start time is about now');
    const other: MediaProcess = {
      name: 'livekit',
      pid,
      id: `${life.id}-of-another-boot`,
      startedAt: 0,
      carries: 'calls',
      signalSafe: 'told',
    };
    assert.equal((await signalLife(other, 'SIGKILL')).kind, 'nothing-to-do');
    assert.deepEqual(await readLife(pid), life);
    assert.equal((await signalLife({ ...other, id: life.id }, 'SIGTERM')).kind, 'done');
  });

  it('a process that ended is gone, also while it is a zombie', async () => {
    const pid = await sleeper();
    await end(pid);
    assert.equal(await readLife(pid), undefined);
  });
});

describe('a media process by its pid file', () => {
  it('runs, survives the loss of the file, and is gone when it has ended', async () => {
    const path = join(folder, 'media.pid');
    const runtime = createPidFileRuntime({ name: 'livekit', path, start: undefined, remembered: [] });
    assert.deepEqual(await runtime.read(), { kind: 'answered', running: [], willStart: [] });
    const pid = await sleeper();
    await writeFile(path, `${pid}\n`);
    const reading = await runtime.read();
    assert.equal(reading.kind === 'answered' && reading.running[0]?.pid, pid);
    await rm(path);
    assert.deepEqual(await runtime.read(), reading);
    await end(pid);
    assert.deepEqual(await runtime.read(), { kind: 'answered', running: [], willStart: [] });
  });

  it('a process that is younger than the file is a stranger with the pid of one that is gone', async () => {
    const path = join(folder, 'media.pid');
    const pid = await sleeper();
    await writeFile(path, `${pid}\n`);
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(path, longAgo, longAgo);
    const runtime = createPidFileRuntime({ name: 'livekit', path, start: undefined, remembered: [] });
    assert.deepEqual(await runtime.read(), { kind: 'answered', running: [], willStart: [] });
  });

  it('a life that an earlier agent knew is the media, even if the file is gone', async () => {
    const pid = await sleeper();
    const life = await readLife(pid);
    const remembered = [life?.id ?? ''];
    const path = join(folder, 'gone.pid');
    const reading = await createPidFileRuntime({
      name: 'livekit',
      path,
      start: undefined,
      remembered,
    }).read();
    assert.equal(reading.kind === 'answered' && reading.running[0]?.id, life?.id);
  });

  it('a file that holds no pid is unknown, never "not running"', async () => {
    const path = join(folder, 'media.pid');
    await writeFile(path, 'starting');
    assert.equal(
      (await createPidFileRuntime({ name: 'livekit', path, start: undefined, remembered: [] }).read()).kind,
      'unknown',
    );
  });
});

describe('the state file', () => {
  const durable = startState('i-1', 1_000, { kind: 'none' }).durable;
  const moment = () => ({ at: 5_000, boot: 'b', upMs: 100 });

  it('gives back what it was given, and nothing where there is none', async () => {
    const file = createStateFile(folder, moment);
    assert.deepEqual(await file.load(), { kind: 'none' });
    await file.save(durable);
    assert.deepEqual(await file.load(), { kind: 'found', state: durable });
  });

  const drains: DurableState = { ...durable, since: 4_000, drainingSince: 4_000 };
  for (const [given, later, since] of [
    ['time passed, and nobody set the clock', { at: 9_000, boot: 'b', upMs: 4_100 }, 4_000],
    ['the clock was set forward by an hour', { at: 3_609_000, boot: 'b', upMs: 4_100 }, 3_604_000],
    ['the clock was set back by an hour', { at: -3_591_000, boot: 'b', upMs: 4_100 }, -3_596_000],
    ['the machine was booted meanwhile', { at: 60_000, boot: 'c', upMs: 10 }, 59_000],
    [
      'its clock was set forward by an hour, and it was booted',
      { at: 3_660_000, boot: 'c', upMs: 10 },
      3_659_000,
    ],
    ['it was booted, and its clock is behind', { at: 2_000, boot: 'c', upMs: 10 }, 1_000],
    ['the system does not name its boots', { at: 60_000, upMs: 10 }, 4_000],
  ] as const) {
    it(`counts a drain by the time that passed, where ${given}`, async () => {
      await createStateFile(folder, moment).save(drains);
      const stored = await createStateFile(folder, () => later).load();
      assert.ok(stored.kind === 'found');
      assert.deepEqual([stored.state.since, stored.state.drainingSince], [since, since]);
    });
  }

  for (const garbage of ['', '{', 'null', '{"v":2}', JSON.stringify({ ...durable, phase: 'gone' })]) {
    it(`keeps ${JSON.stringify(garbage.slice(0, 12))} aside and says so`, async () => {
      const file = createStateFile(folder, moment);
      await writeFile(file.path, garbage);
      const stored = await file.load();
      assert.equal(stored.kind, 'lost');
      assert.equal((await file.load()).kind, 'lost', 'and again, until a state is written');
      const [aside = ''] = (await readdir(folder)).filter((name) => name.includes('corrupt'));
      assert.equal(await readFile(join(folder, aside), 'utf8'), garbage);
    });
  }

  const decision = {
    v: 1,
    id: 'd',
    node: 'i-1',
    pool: 'p',
    at: '2026-01-01T00:00:00Z',
    reason: 'r',
  } as const;
  const leaves: DurableState['decision'] = { ...decision, by: 'pruner', cause: 'scale-in', intent: 'leave' };
  const marks = async () => (await readdir(folder)).filter((name) => name.startsWith('leaving'));
  for (const [given, state, mark] of [
    ['nobody has decided', { decision: null }, []],
    ['somebody takes the machine away', { decision: leaves }, ['leaving-i-1']],
    [
      'somebody takes it away, and a deadline is known',
      { decision: { ...leaves, deadline: decision.at } },
      ['leaving-i-1'],
    ],
    [
      'it is emptied for maintenance, and may serve again',
      { decision: { ...leaves, intent: 'maintenance' } },
      [],
    ],
    [
      'it is interrupted, which it may outlive',
      { decision: { ...leaves, by: 'spot-interruption', deadline: decision.at } },
      [],
    ],
    [
      'its host is maintained',
      { decision: { ...leaves, by: 'host-maintenance', deadline: decision.at } },
      [],
    ],
  ] as const) {
    it(`${mark.length > 0 ? 'marks' : 'does not mark'} the node as leaving where ${given}`, async () => {
      const file = createStateFile(folder, moment);
      await file.save({ ...durable, ...state });
      assert.deepEqual(await marks(), mark);
    });
  }

  it('keeps its mark up with the state, whatever an earlier agent left', async () => {
    const before = createStateFile(folder, moment);
    await before.save(durable);
    await before.save({ ...durable, decision: leaves });
    await before.save({ ...durable, decision: leaves, phase: 'empty' });
    assert.deepEqual(await marks(), ['leaving-i-1']);
    await createStateFile(folder, moment).save(durable);
    assert.deepEqual(await marks(), []);
  });

  it('is not on disk before its mark is', async () => {
    await mkdir(join(folder, 'leaving-i-1'));
    const file = createStateFile(folder, moment);
    await assert.rejects(file.save({ ...durable, decision: leaves }));
    await assert.rejects(file.save({ ...durable, decision: leaves }));
  });

  it('fails loudly, and keeps the old state, when it cannot be written', async () => {
    const file = createStateFile(folder, moment);
    await file.save(durable);
    await mkdir(`${file.path}.new`);
    await assert.rejects(file.save({ ...durable, phase: 'empty' }));
    assert.deepEqual(await file.load(), { kind: 'found', state: durable });
  });
});

describe('the lock of a node', () => {
  it('is had by one agent at a time', async () => {
    const path = join(folder, 'agent.lock');
    const unlock = await takeLock(path);
    await assert.rejects(takeLock(path), AlreadyRunningError);
    await unlock();
    await (await takeLock(path))();
  });

  it('binds nobody when its owner is dead, or when it was left by an earlier boot', async () => {
    const path = join(folder, 'agent.lock');
    for (const left of ['pid 1 life another-1-1', `pid ${process.pid} life old-boot`, 'garbage']) {
      await symlink(left, path);
      await (await takeLock(path))();
    }
    await writeFile(path, 'no lock at all');
    await (await takeLock(path))();
    assert.deepEqual(await readdir(folder), []);
  });
});

describe('the version', () => {
  it('is that of the package', async () => {
    const manifest: unknown = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    );
    assert.equal(
      typeof manifest === 'object' && manifest !== null && Reflect.get(manifest, 'version'),
      VERSION,
    );
  });
});
