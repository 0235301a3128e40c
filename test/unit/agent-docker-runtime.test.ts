import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineTrouble } from '../../lab/engine/twin-engine.ts';
import type { MediaProcess } from '../../node-agent/core/state.ts';
import { createDockerRuntime } from '../../node-agent/runtime/docker.ts';
import { createDockerEngine, type DockerEngine } from '../../node-agent/runtime/docker-engine.ts';
import { createMediaContainers } from '../../node-agent/runtime/media-containers.ts';
import type { MediaRuntime } from '../../node-agent/runtime/runtime.ts';
import { type EngineUnderTest, startTwin } from '../support/engines.ts';

/** What a twin engine alone can be brought to do; what real ones do as well is in test/contract/docker-engine.test.ts. */
describe('media in containers', () => {
  let under: EngineUnderTest;
  let at: number;

  beforeEach(async () => {
    under = await startTwin();
    at = 0;
  });
  afterEach(() => under.close());

  function runtimeOf(): MediaRuntime {
    const readContainers = createMediaContainers(under.engine, { livekit: 'openvidu' }, []);
    return createDockerRuntime({
      engine: under.engine,
      readContainers,
      restartPolicy: 'always',
      now: () => at,
    });
  }

  async function runs(runtime: MediaRuntime): Promise<MediaProcess> {
    const reading = await runtime.read();
    const [process] = reading.kind === 'answered' ? reading.running : [];
    assert.ok(process !== undefined, JSON.stringify(reading));
    return process;
  }

  const up = () => join(under.folder, 'up');
  const trapping = (deed: string) => [
    '/bin/sh',
    '-c',
    `trap "${deed}" QUIT; : > "${up()}"; while :; do sleep 0.05; done`,
  ];

  async function until(what: string, holds: () => boolean): Promise<void> {
    for (const end = Date.now() + 5_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 5))) {
      assert.ok(Date.now() < end, what);
    }
  }

  const troubles: EngineTrouble[] = ['error', 'garbage', 'hang'];
  for (const trouble of troubles) {
    it(`an engine that answers with ${trouble}: unknown, never "nothing runs"; and no signal goes out`, async () => {
      const { twin } = under;
      assert.ok(twin !== undefined);
      await under.run('openvidu', ['/bin/sleep', '60']);
      const runtime = runtimeOf();
      const process = await runs(runtime);
      const engine = createDockerEngine({ socketPath: under.socketPath, timeoutMs: 100 });
      twin.trouble = trouble;
      const readContainers = createMediaContainers(engine, { livekit: 'openvidu' }, []);
      const troubled = createDockerRuntime({ engine, readContainers, restartPolicy: 'no', now: () => at });
      assert.equal((await troubled.read()).kind, 'unknown');
      assert.equal((await troubled.signal(process)).kind, 'not-done');
      twin.trouble = undefined;
      assert.equal((await runs(runtime)).id, process.id);
    });
  }

  it('its own signal leaves the policy of an image with another stop signal in force: taken from it first', async () => {
    const { twin } = under;
    await under.run('openvidu', trapping('exit 0'), {
      policy: 'always',
      stopSignal: 'SIGTERM',
    });
    await until('it can take its signal', () => existsSync(up()));
    const runtime = runtimeOf();
    const process = await runs(runtime);
    assert.deepEqual(await runtime.signal(process), { kind: 'done' });
    const [container] = twin?.containers ?? [];
    await until('it has ended', () => container?.status === 'exited');
    const asked = (twin?.asked ?? []).filter(
      (request) => request.startsWith('POST') && !request.includes('create'),
    );
    assert.deepEqual(
      asked.slice(1).map((request) => request.replace(/[0-9a-f]{12,}/, 'ID')),
      ['POST /containers/ID/update', 'POST /containers/ID/kill?signal=SIGQUIT'],
    );
    assert.deepEqual(await runtime.start(), { kind: 'done' });
    assert.equal(container?.policy.Name, 'always', 'resume gives it back');
    assert.equal(container?.status, 'running');
  });

  it('one that an earlier agent knew is not forgotten when another look of the same round fails', async () => {
    const id = await under.run('renamed', ['/bin/sleep', '60']);
    let fails = true;
    const engine: DockerEngine = {
      ...under.engine,
      async inspect(container) {
        const found = await under.engine.inspect(container);
        if (container !== 'openvidu' || !fails) return found;
        // After the other look has found what it was for.
        await new Promise((resolve) => setTimeout(resolve, 100));
        throw new Error('the engine did not answer');
      },
    };
    const readContainers = createMediaContainers(engine, { livekit: 'openvidu' }, [id.slice(0, 12)]);
    const runtime = createDockerRuntime({ engine, readContainers, restartPolicy: 'no', now: () => at });
    assert.equal((await runtime.read()).kind, 'unknown');
    fails = false;
    assert.equal((await runs(runtime)).name, 'renamed');
  });

  it('a container that was made and not started yet is about to start, but not for ever', async () => {
    await under.engine.create('openvidu', {
      Image: 'x',
      Cmd: ['/bin/true'],
      HostConfig: { NetworkMode: 'host', RestartPolicy: { Name: 'no' } },
    });
    const runtime = runtimeOf();
    const willStart = async () => {
      const reading = await runtime.read();
      return reading.kind === 'answered' ? reading.willStart : reading;
    };
    assert.deepEqual(await willStart(), ['openvidu']);
    at += 599_000;
    assert.deepEqual(await willStart(), ['openvidu']);
    at += 2_000;
    assert.deepEqual(await willStart(), []);
  });

  it('one that cannot be started is down, and its engine tells why', async () => {
    const { twin } = under;
    await under.run('openvidu', ['/no/such/program'], { policy: 'always' });
    await until('it has failed', () => twin?.containers[0]?.status === 'created');
    const reading = await runtimeOf().read();
    assert.ok(reading.kind === 'answered');
    assert.deepEqual([reading.running, reading.willStart], [[], []]);
    assert.match(reading.exits?.[0]?.text ?? '', /ENOENT/);
    assert.equal(reading.exits?.[0]?.clean, false);
  });

  it('one between two lives does not run, and is not over', async () => {
    const { twin } = under;
    await under.run('openvidu', ['/bin/sh', '-c', 'exit 3'], { policy: 'on-failure' });
    await until(
      'it restarts',
      () => (twin?.containers[0]?.restarts ?? 0) >= 2 && twin?.containers[0]?.status === 'restarting',
    );
    const reading = await runtimeOf().read();
    assert.ok(reading.kind === 'answered');
    assert.deepEqual([reading.running, reading.willStart], [[], ['openvidu']]);
  });

  it('cuts with the signal again, and then with the one that cannot be refused', async () => {
    const { twin } = under;
    await under.run('openvidu', trapping(''));
    await until('it can take its signal', () => existsSync(up()));
    const runtime = runtimeOf();
    const process = await runs(runtime);
    assert.equal((await runtime.signal(process)).kind, 'done');
    assert.equal((await runtime.cut(process, false)).kind, 'done');
    assert.equal((await runs(runtime)).id, process.id);
    assert.equal((await runtime.cut(process, true)).kind, 'done');
    await until('it has ended', () => twin?.containers[0]?.status === 'exited');
  });
});
