import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentConfigFile } from '../../fleet/agent-config.ts';
import { AgentRig } from '../support/agent-rig.ts';
import { type EngineUnderTest, startTwin } from '../support/engines.ts';

describe('the agent bundle with LiveKit in a container (twin engine, twin LiveKit)', () => {
  let under: EngineUnderTest;
  let rig: AgentRig;

  before(async () => {
    under = await startTwin();
    const runtime = { kind: 'docker', socketPath: under.socketPath, restartPolicy: 'always' } as const;
    const configure = (config: AgentConfigFile): AgentConfigFile => ({
      ...config,
      media: { kind: 'livekit', metricsUrl: `http://127.0.0.1:${rig.ports.metrics}/metrics`, runtime },
    });
    rig = await AgentRig.create({ configure });
    const file = join(under.folder, 'livekit.yaml');
    const { signal, metrics } = rig.ports;
    await writeFile(
      file,
      `port: ${signal}\nbind_addresses: ["127.0.0.1"]\nkeys: {devkey: a-secret-of-at-least-32-characters}\nprometheus: {port: ${metrics}}\n`,
    );
    await under.run('livekit', [join(rig.folder, 'livekit-server'), '--config', file], {
      policy: 'always',
      stopSignal: 'SIGTERM',
    });
  });
  after(async () => {
    await rig?.close();
    await under?.close();
  });

  it('is emptied for maintenance, stays so under a policy that would bring it back, and resumes with that policy', async () => {
    await rig.startAgent();
    await rig.until('it serves', () => rig.published?.phase === 'serving');
    const serving = rig.published?.media[0];
    assert.deepEqual(
      [serving?.name, serving?.state, serving?.version],
      ['livekit', 'running', 'localhost/ebbtide-empty'],
    );
    assert.equal((await rig.cli('drain', '--socket', rig.socket)).code, 0);
    await rig.until('it is empty', () => rig.published?.phase === 'empty');
    const policyOf = async () => (await under.engine.inspect('livekit'))?.HostConfig.RestartPolicy.Name;
    assert.equal(await policyOf(), 'no');
    assert.deepEqual(
      rig.published?.media.map(({ name, state }) => [name, state]),
      [['livekit', 'exited']],
    );
    assert.equal((await rig.cli('resume', '--socket', rig.socket)).code, 0);
    await rig.until('it serves again', () => rig.published?.phase === 'serving');
    assert.notEqual(rig.published?.media[0]?.id, serving?.id, 'as another life');
    assert.equal(await policyOf(), 'always');
    assert.equal(rig.logged('media-signalled').length, 1);
  });

  it('an engine whose API is too old is told as it is', async () => {
    const { twin } = under;
    assert.ok(twin !== undefined);
    twin.apiVersion = '1.39';
    await rig.killAgent();
    await rig.startAgent();
    const reason = /speaks version 1\.24 to 1\.39 .*and 1\.40 or later is needed: update the engine/;
    await rig.until('it is told', () => reason.test(rig.published?.unknown ?? ''));
    assert.match((await rig.cli('explain', '--socket', rig.socket)).stdout, reason);
  });
});
