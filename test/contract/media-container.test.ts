import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { WantedContainer } from '../../fleet/wanted-container.ts';
import { Ports } from '../../lab/instance/ports.ts';
import { findProgram } from '../../lab/instance/tools.ts';
import { createBundler } from '../../stacks/bundle.ts';
import { type EngineUnderTest, podmanIsMissing, startPodman } from '../support/engines.ts';
import { eventually } from './media-server.ts';

const livekitServer = process.env.EBBTIDE_LIVEKIT_SERVER ?? findProgram('livekit-server');
const missing =
  podmanIsMissing() ??
  (livekitServer === undefined ? 'livekit-server not installed; see .ci/livekit.sh' : undefined);
const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;
/** Neither root's nor ours: the config is for a group. */
const GROUP = 54_321;

describe(`create-media, as a node runs it, with podman and the real LiveKit as an image${skipped}`, () => {
  let under: EngineUnderTest;
  let agent: string;
  let definition: string;
  let metrics: string;

  before(async function () {
    if (missing !== undefined || livekitServer === undefined) return this.skip();
    under = await startPodman();
    const image = await under.build?.('livekit', livekitServer);
    assert.ok(image !== undefined);
    const { folder, socketPath } = under;
    agent = join(folder, 'ebbtide-agent.cjs');
    await writeFile(agent, (await createBundler().agent()).code);
    const ports = new Ports();
    const metricsPort = await ports.take();
    metrics = `http://127.0.0.1:${metricsPort}/metrics`;
    const config = join(folder, 'media/livekit.yaml');
    await mkdir(join(folder, 'media'));
    await writeFile(
      config,
      JSON.stringify({
        port: await ports.take(),
        bind_addresses: ['127.0.0.1'],
        rtc: { node_ip: '127.0.0.1', use_external_ip: false, udp_port: await ports.take(), tcp_port: 0 },
        prometheus: { port: metricsPort },
        keys: { devkey: 'never-seen-'.repeat(4) },
      }),
      { mode: 0o640 },
    );
    await promisify(execFile)('chgrp', [String(GROUP), config]);
    const accounts = join(folder, 'passwd');
    await writeFile(accounts, `ebbtide-media:x:54320:${GROUP}::/:/usr/sbin/nologin\n`);
    const wanted: WantedContainer = {
      socketPath,
      name: 'livekit',
      image,
      config,
      user: 'ebbtide-media',
      accounts,
      restartPolicy: 'on-failure',
    };
    definition = join(folder, 'container.json');
    await writeFile(definition, JSON.stringify(wanted));
  });
  after(() => under?.close());

  async function agentRuns(command: 'create-media' | 'await-media'): Promise<string[]> {
    const words = [agent, command, '--config', definition];
    const { stdout } = await promisify(execFile)(process.execPath, words);
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event);
  }
  const serves = () =>
    fetch(metrics).then(
      async (response) => /livekit_room_total/.test(await response.text()),
      () => false,
    );
  const inspect = () => under.engine.inspect('livekit');

  it('makes it without rights, as a user of its own, with a config that only its group may read; and it serves', async () => {
    assert.deepEqual(await agentRuns('create-media'), ['container-created', 'container-started']);
    await eventually('LiveKit serves', serves, 10_000);
    const found = await inspect();
    assert.equal(found?.HostConfig.RestartPolicy.Name, 'on-failure');
    assert.equal(found?.State.Running, true);
  });

  it('leaves it alone when it is run again', async () => {
    const before = await inspect();
    assert.deepEqual(await agentRuns('create-media'), ['container-left']);
    assert.equal((await inspect())?.State.StartedAt, before?.State.StartedAt);
  });

  it('waits for its end, and starts it again as after a reboot', async () => {
    const before = await inspect();
    const awaited = agentRuns('await-media');
    await under.engine.kill('livekit', 'SIGQUIT');
    assert.equal((await awaited).at(-1), 'container-ended');
    assert.equal((await inspect())?.State.ExitCode, 0);
    assert.deepEqual(await agentRuns('create-media'), ['container-started']);
    await eventually('LiveKit serves', serves, 10_000);
    const again = await inspect();
    assert.equal(again?.Id, before?.Id);
    assert.notEqual(again?.State.StartedAt, before?.State.StartedAt);
  });

  it('refuses a container of that name that is another one, and touches it not', async () => {
    const before = await inspect();
    const other = definition.replace('.json', '.other.json');
    await writeFile(
      other,
      JSON.stringify({ ...JSON.parse(await readFile(definition, 'utf8')), restartPolicy: 'always' }),
    );
    await assert.rejects(
      promisify(execFile)(process.execPath, [agent, 'create-media', '--config', other]),
      /the container livekit cannot be made: it is there already, of localhost\/livekit/,
    );
    assert.equal((await inspect())?.State.StartedAt, before?.State.StartedAt);
  });
});
