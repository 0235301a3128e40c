import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MediaProcess, RuntimeReading } from '../../node-agent/core/state.ts';
import { createDockerRuntime } from '../../node-agent/runtime/docker.ts';
import type { Container } from '../../node-agent/runtime/docker-engine.ts';
import { createMediaContainers } from '../../node-agent/runtime/media-containers.ts';
import type { MediaRuntime } from '../../node-agent/runtime/runtime.ts';
import { type EngineUnderTest, podmanIsMissing, startPodman, startTwin } from '../support/engines.ts';
import { eventually } from './media-server.ts';

const NAMES = {
  livekit: 'openvidu',
  egress: 'egress',
  ingress: 'ingress',
  agentLabel: 'openvidu-agent=true',
};

/** Lives until its first signal, which it writes down; then it ends with the given code. */
const PROGRAM = `
const [file, code] = process.argv.slice(2);
for (const signal of ['SIGQUIT', 'SIGTERM']) process.on(signal, () => {
  require('node:fs').appendFileSync(file, signal + '\\n');
  setTimeout(() => process.exit(Number(code)), 50);
});
require('node:fs').appendFileSync(file, 'up\\n');
setInterval(() => {}, 1000);
`;

const engines = [
  { name: 'the twin engine', missing: undefined, start: startTwin },
  { name: "podman's Docker-compatible socket", missing: podmanIsMissing(), start: startPodman },
];
for (const { name, missing, start } of engines) {
  const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;

  describe(`a container engine: ${name}${skipped}`, () => {
    let under: EngineUnderTest;

    before(async function () {
      if (missing !== undefined) return this.skip();
      under = await start();
      await writeFile(join(under.folder, 'program.cjs'), PROGRAM);
    });
    after(() => under?.close());
    afterEach(() => under.clear());

    const said = async (container: string) => {
      const text = await readFile(join(under.folder, container), 'utf8').catch(() => '');
      return text.split('\n').filter((line) => line !== '');
    };
    const isUp = (container: string) => async () => (await said(container)).at(-1) === 'up';

    /** Resolves when it can take a signal. */
    async function run(
      container: string,
      options: {
        code?: number;
        labels?: Record<string, string>;
        policy?: 'no' | 'always' | 'on-failure';
      } = {},
    ): Promise<string> {
      const { code = 0, ...rest } = options;
      const file = join(under.folder, container);
      await writeFile(file, '');
      const words = [process.execPath, join(under.folder, 'program.cjs'), file, String(code)];
      const id = await under.run(container, words, rest);
      await eventually(`${container} is up`, isUp(container), 30_000);
      return id;
    }

    async function inspect(container: string): Promise<Container> {
      const found = await under.engine.inspect(container);
      assert.ok(found !== undefined, `${container} is there`);
      return found;
    }

    const hasEnded = (container: string) => async () => (await inspect(container)).State.Status === 'exited';

    function runtimeOf(remembered: string[] = []): MediaRuntime {
      const readContainers = createMediaContainers(under.engine, NAMES, remembered);
      return createDockerRuntime({
        engine: under.engine,
        readContainers,
        restartPolicy: 'on-failure',
        now: () => performance.now(),
      });
    }

    async function answered(runtime: MediaRuntime): Promise<Extract<RuntimeReading, { kind: 'answered' }>> {
      const reading = await runtime.read();
      assert.ok(reading.kind === 'answered', JSON.stringify(reading));
      return reading;
    }

    async function lifeOf(runtime: MediaRuntime, container: string): Promise<MediaProcess> {
      const life = (await answered(runtime)).running.find((process) => process.name === container);
      assert.ok(life !== undefined, `${container} runs`);
      return life;
    }

    it('tells its version; of what is not there it says so', async () => {
      assert.match(await under.engine.version(), /^1\.\d+$/);
      assert.equal(await under.engine.inspect('nobody'), undefined);
      assert.equal(await under.engine.kill('nobody', 'SIGQUIT'), 'not-running');
    });

    it('a life has its own start, its own end and its own exit code', async () => {
      const begun = Date.now();
      const id = await run('egress', { code: 7 });
      const first = await inspect('egress');
      assert.equal(first.Id, id);
      assert.equal(first.Name, '/egress');
      assert.equal(first.HostConfig.NetworkMode, 'host');
      const startedAt = Date.parse(first.State.StartedAt);
      assert.ok(startedAt > begun - 5_000 && startedAt < Date.now() + 5_000, first.State.StartedAt);
      assert.ok(first.State.Running && first.State.Pid > 0);
      await under.engine.start(id);
      assert.equal(
        (await inspect(id)).State.StartedAt,
        first.State.StartedAt,
        'what runs is not started again',
      );
      assert.equal(await under.engine.kill(id, 'SIGQUIT'), 'sent');
      await eventually('it has ended', hasEnded(id), 30_000);
      const ended = await inspect(id);
      assert.deepEqual([ended.State.Running, ended.State.ExitCode], [false, 7]);
      assert.equal(await under.engine.kill(id, 'SIGQUIT'), 'not-running');
      await under.engine.start(id);
      await eventually('it is up again', isUp('egress'), 30_000);
      assert.notEqual((await inspect(id)).State.StartedAt, first.State.StartedAt);
    });

    it('lists by label, whatever the state', async () => {
      const ended = await run('one', { labels: { 'openvidu-agent': 'true' } });
      await under.engine.kill(ended, 'SIGKILL');
      await eventually('it has ended', hasEnded(ended), 30_000);
      const other = await run('other', { labels: { 'openvidu-agent': 'true' } });
      await run('stranger', { labels: { 'openvidu-agent': 'false' } });
      assert.deepEqual(
        (await under.engine.list({ label: ['openvidu-agent=true'] })).sort(),
        [ended, other].sort(),
      );
    });

    it('finds the media by names and by the label, and nothing else', async () => {
      await run('openvidu');
      await run('transcriber', { labels: { 'openvidu-agent': 'true' } });
      await run('redis');
      const { running, willStart } = await answered(runtimeOf());
      assert.deepEqual(
        running.map(({ name: found, carries, signalSafe }) => ({ found, carries, signalSafe })),
        [
          { found: 'openvidu', carries: 'calls', signalSafe: 'told' },
          { found: 'transcriber', carries: 'agents', signalSafe: 'told-and-aged' },
        ],
      );
      assert.deepEqual(willStart, []);
      assert.match(running[0]?.version ?? '', /ebbtide-empty/);
    });

    it('a drain: one signal to each, every end told as it was, nothing comes back', async () => {
      await run('openvidu', { policy: 'on-failure' });
      await run('egress', { code: 1 });
      await run('transcriber', { code: 143, labels: { 'openvidu-agent': 'true' } });
      const runtime = runtimeOf();
      const { running } = await answered(runtime);
      const outcomes = await Promise.all(running.map((process) => runtime.signal(process)));
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        ['done', 'done', 'done'],
      );
      await eventually('all have ended', async () => (await answered(runtime)).running.length === 0, 30_000);
      const { exits, willStart } = await answered(runtime);
      assert.deepEqual(willStart, []);
      const clean = (exits ?? []).map((exit) => [exit.name, exit.clean]);
      assert.deepEqual(clean, [
        ['openvidu', true],
        ['egress', false],
        ['transcriber', true],
      ]);
      for (const container of ['openvidu', 'egress', 'transcriber'])
        assert.deepEqual(await said(container), ['up', 'SIGQUIT']);
      for (const process of running) {
        assert.equal((await runtime.signal(process)).kind, 'nothing-to-do', 'it ended in the race: no error');
        assert.equal((await runtime.cut(process, true)).kind, 'nothing-to-do');
      }
    });

    it('a policy that would bring it back is taken from it first; where that cannot be, it is said', async () => {
      await run('openvidu', { policy: 'always' });
      const runtime = runtimeOf();
      const outcome = await runtime.signal(await lifeOf(runtime, 'openvidu'));
      const { Name: policy } = (await inspect('openvidu')).HostConfig.RestartPolicy;
      if (policy === 'always') {
        assert.match(JSON.stringify(outcome), /restart policy always stays, and may bring it back/);
        return;
      }
      assert.deepEqual([outcome, policy], [{ kind: 'done' }, 'no']);
      await eventually('it stays away', hasEnded('openvidu'), 30_000);
      assert.deepEqual((await answered(runtime)).willStart, []);
    });

    it('a crash that the engine mends is never over; the new life is another', async () => {
      await run('openvidu', { policy: 'on-failure' });
      const runtime = runtimeOf();
      const before = await lifeOf(runtime, 'openvidu');
      process.kill(before.pid, 'SIGKILL');
      const seen: RuntimeReading[] = [];
      await eventually(
        'it is back',
        async () => {
          const reading = await answered(runtime);
          seen.push(reading);
          return reading.running.some(({ id }) => id !== before.id);
        },
        10_000,
      );
      for (const reading of seen) {
        assert.ok(reading.kind === 'answered' && reading.running.length + reading.willStart.length > 0);
      }
      assert.equal(
        (await runtime.signal(before)).kind,
        'nothing-to-do',
        'the old life is not signalled in the new',
      );
      assert.equal((await said('openvidu')).filter((line) => line === 'SIGQUIT').length, 0);
    });

    it('one that fails again and again is never over, until it is kept down', async () => {
      await under.run('openvidu', ['/bin/false'], { policy: 'on-failure' });
      const runtime = runtimeOf();
      // podman fails to tell of a container whose process ends at that very moment: unknown is not over.
      const isOver = async () => {
        const reading = await runtime.read();
        return reading.kind === 'answered' && reading.running.length + reading.willStart.length === 0;
      };
      for (let looks = 0; looks < 20; looks += 1) {
        assert.equal(await isOver(), false);
        await sleep(50);
      }
      const outcome = await runtime.keepDown?.(['openvidu']);
      if ((await inspect('openvidu')).HostConfig.RestartPolicy.Name !== 'no') {
        assert.match(
          JSON.stringify(outcome),
          /"not-done".*cannot change the restart policy on-failure of openvidu/,
        );
        return;
      }
      assert.deepEqual(outcome, { kind: 'done' });
      await eventually('it is over', isOver, 30_000);
      await sleep(1_000);
      assert.ok(await isOver(), 'and stays so');
      assert.deepEqual(await runtime.keepDown?.(['openvidu']), { kind: 'done' });
    });

    it('a container that was renamed is the same life, also for an agent that starts anew', async () => {
      await run('openvidu');
      const runtime = runtimeOf();
      const before = await lifeOf(runtime, 'openvidu');
      assert.equal(await under.ask('POST', '/containers/openvidu/rename?name=something-else'), 204);
      assert.deepEqual(await lifeOf(runtime, 'openvidu'), before);
      const next = runtimeOf([before.id.slice(0, 12)]);
      const { running } = await answered(next);
      assert.deepEqual(
        running.map(({ id, carries }) => ({ id, carries })),
        [{ id: before.id, carries: 'calls' }],
      );
      assert.equal((await runtime.signal(before)).kind, 'done');
      await eventually('it has ended', hasEnded('something-else'), 30_000);
      assert.deepEqual((await answered(runtime)).running, []);
    });

    it('a container that is removed is gone', async () => {
      const id = await run('openvidu');
      const runtime = runtimeOf();
      const before = await lifeOf(runtime, 'openvidu');
      await under.ask('DELETE', `/containers/${id}?force=true`);
      const reading = await answered(runtime);
      assert.deepEqual([reading.running, reading.willStart], [[], []]);
      assert.equal((await runtime.signal(before)).kind, 'nothing-to-do');
    });

    it('resume starts what has ended, under its names, with its policy', async () => {
      await run('openvidu');
      await run('egress');
      const runtime = runtimeOf();
      const { running } = await answered(runtime);
      for (const process of running) await runtime.signal(process);
      await eventually('all have ended', async () => (await answered(runtime)).running.length === 0, 30_000);
      assert.deepEqual(await runtime.start(), { kind: 'done' });
      await eventually('they run', async () => (await answered(runtime)).running.length === 2, 30_000);
      assert.equal((await runtimeOf().start()).kind, 'done', 'what runs stays as it is');
    });

    it('resume without a container of LiveKit says so', async () => {
      const outcome = await runtimeOf().start();
      assert.match(JSON.stringify(outcome), /LiveKit has no container under the name that is set/);
    });

    it('an engine that nobody serves any more is unknown, and sends nothing', async () => {
      await run('openvidu');
      const runtime = runtimeOf();
      const life = await lifeOf(runtime, 'openvidu');
      const own = await start();
      const gone = createMediaContainers(own.engine, NAMES, []);
      try {
        await own.silence();
        const silent = createDockerRuntime({
          engine: own.engine,
          readContainers: gone,
          restartPolicy: 'no',
          now: Date.now,
        });
        const reading = await silent.read();
        assert.match(JSON.stringify(reading), /"unknown".*(is not there|does not run)/);
        assert.equal((await silent.signal(life)).kind, 'not-done');
      } finally {
        await own.close();
      }
    });
  });
}
