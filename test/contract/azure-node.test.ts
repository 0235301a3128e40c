import assert from 'node:assert/strict';
import { afterEach, before, describe, it } from 'mocha';
import * as v from 'valibot';
import { agentConfigSchema } from '../../fleet/agent-config.ts';
import { describeError } from '../../fleet/error.ts';
import type { Registry } from '../../fleet/registry.ts';
import { NO_WORK } from '../../fleet/status.ts';
import { hasPython } from '../../lab/azure/automation/python.ts';
import { connectAzure } from '../../node-agent/boot/azure-source.ts';
import type { BootSource } from '../../node-agent/boot/boot-source.ts';
import type { Cloud, MachineIdentity } from '../../node-agent/clouds/cloud.ts';
import { connect } from '../../node-agent/clouds/connect.ts';
import { statusOf } from '../unit/support/fleet.ts';
import { NODE, STORE } from './support/azure/model.ts';
import { type PoolOptions, startPool, type TestPool } from './support/azure/pool.ts';
import { until } from './support/quiet-run.ts';

const STORE_URL = `https://${STORE}.blob.core.windows.net`;

describe('the node of Azure, beside the real runbook in the twin', () => {
  let world: TestPool;

  before(function () {
    if (!hasPython()) this.skip();
  });
  afterEach(() => world?.twin.close());

  async function start(options: PoolOptions = {}): Promise<void> {
    world = await startPool(options);
  }
  function environmentOf(name: string): Record<string, string> {
    return world.machines.get(name)?.spec.environment ?? assert.fail(`there is no ${name}`);
  }

  interface Node {
    cloud: Cloud;
    registry: Registry;
    identity: MachineIdentity;
  }
  async function nodeOf(name: string): Promise<Node> {
    const config = v.parse(agentConfigSchema, {
      pool: 'media',
      cloud: { kind: 'azure', runbook: { wakeUrlKey: 'secrets/wake-url' } },
      registry: { kind: 'bucket', bucket: STORE_URL, statusName: name },
      media: {
        kind: 'livekit',
        metricsUrl: 'http://127.0.0.1:1/metrics',
        runtime: { kind: 'systemd', unit: 'livekit.service' },
      },
    });
    const { cloud, registry } = connect(config, environmentOf(name));
    return { cloud, registry, identity: (await cloud.identify()) ?? assert.fail() };
  }
  const tells = ({ registry, identity }: Node, changed: Parameters<typeof statusOf>[1]) =>
    registry.writeStatus(
      statusOf(identity.node, { machine: identity.machine ?? '', cloud: 'azure', cpu: 0.05, ...changed }),
    );

  it('is told to go, says that it is empty, wakes the runbook, agrees to its own end, and is gone at once', async () => {
    await start({ capacity: 2, terminateNoticeMs: 900_000 });
    const [leaves, stays] = await Promise.all(['ebbtide-media_0', 'ebbtide-media_1'].map(nodeOf));
    assert.ok(leaves && stays);
    const machine = world.twin.machines().find(({ name }) => name === 'ebbtide-media_0');
    assert.deepEqual(
      [leaves.identity.node, leaves.identity.machine, leaves.identity.zone],
      ['ebbtide-media_0', machine?.vmId.toLowerCase(), machine?.zone],
    );
    assert.deepEqual(await leaves.cloud.readTarget(), { kind: 'stay' });
    await tells(leaves, { work: { rooms: 1 } });
    await tells(stays, { work: { rooms: 2 } });

    await world.woken();
    const target = await leaves.cloud.readTarget();
    assert.ok(target.kind === 'leave' && target.decision !== undefined, JSON.stringify(target));
    assert.deepEqual(await stays.cloud.readTarget(), { kind: 'stay' });
    assert.deepEqual(await leaves.cloud.readInterruption(), { kind: 'none' });

    const { id, by, cause, intent, at } = target.decision;
    const decision = { id, by, cause, intent, at };
    await tells(leaves, { phase: 'empty', work: NO_WORK, decision });
    assert.deepEqual(await leaves.cloud.release(), { kind: 'done' });
    await until('the runbook deletes it', () => isEnding('ebbtide-media_0'));
    const notice = await leaves.cloud.readInterruption();
    assert.ok(notice.kind === 'interrupted' && notice.by === 'termination', JSON.stringify(notice));
    assert.deepEqual(await stays.cloud.readInterruption(), { kind: 'none' });
    assert.deepEqual(await stays.cloud.schedule?.read(), { kind: 'known', events: [] });
    const waiting = await leaves.cloud.schedule?.read();
    assert.ok(waiting?.kind === 'known' && waiting.events.length === 1, JSON.stringify(waiting));
    const ids = waiting.events.map((event) => event.id);
    assert.deepEqual(await leaves.cloud.schedule?.acknowledge(ids), { kind: 'done' });
    await until('it is gone', () => world.machines.get('ebbtide-media_0')?.on === false);
    assert.equal(world.machines.get('ebbtide-media_1')?.on, true);
    assert.deepEqual(world.twin.refused(), []);
  });

  it('may not touch the memory of the runbook, and says why', async () => {
    await start({ capacity: 1 });
    const node = await nodeOf('ebbtide-media_0');
    await assert.rejects(node.registry.writeMemory('scale-in', {}), (error) =>
      /AuthorizationPermissionMismatch.*has this identity its role/.test(describeError(error)),
    );
    assert.equal((await node.registry.readMemory('scale-in')).kind, 'unknown');
  });

  it('knows no role for its first moments: unknown, until it is heard of', async () => {
    await start({ capacity: 1 });
    const node = await nodeOf('ebbtide-media_0');
    world.twin.withholdRoles([NODE.principalId]);
    assert.equal((await node.cloud.readTarget()).kind, 'unknown');
    await assert.rejects(tells(node, {}));
    assert.match(
      JSON.stringify(await node.cloud.release()),
      /cannot be read: .*AuthorizationPermissionMismatch/,
    );
    world.twin.withholdRoles(undefined);
    await tells(node, {});
    assert.deepEqual(await node.cloud.readTarget(), { kind: 'stay' });
    assert.deepEqual(world.twin.refused(), []);
  });

  it('hears that an operator protects it, and of what is done to its host', async () => {
    await start({ capacity: 2 });
    const { cloud } = await nodeOf('ebbtide-media_0');
    assert.deepEqual(await cloud.readProtected(), { kind: 'known', set: false });
    world.twin.setTag('ebbtide-media_0', 'ebbtide-protected', 'true');
    assert.deepEqual(await cloud.readProtected(), { kind: 'known', set: true });
    world.twin.maintain('ebbtide-media_1', 'Reboot');
    assert.deepEqual(await cloud.readAdvice(), { kind: 'none' });
    world.twin.maintain('ebbtide-media_0', 'Redeploy');
    assert.match(JSON.stringify(await cloud.readAdvice()), /advised.*Redeploy/);
    assert.deepEqual(await cloud.readInterruption(), { kind: 'none' });
    world.twin.evict('ebbtide-media_0');
    assert.match(JSON.stringify(await cloud.readInterruption()), /interrupted.*spot-interruption/);
  });

  it('boots with what the stack has put there, and tells what has not', async () => {
    await start({ capacity: 1 });
    world.twin.putObject(STORE, 'software/agent-1', 'the agent');
    world.twin.putObject(STORE, 'secrets/keys', 'key1: secret');
    const source: BootSource = connectAzure(
      { kind: 'azure', store: STORE_URL, secrets: { keys: 'secrets/keys' } },
      environmentOf('ebbtide-media_0'),
      '',
    );
    assert.equal((await source.fetch('software/agent-1')).toString(), 'the agent');
    assert.deepEqual([...(await source.readSecrets(['secrets/keys']))], [['secrets/keys', 'key1: secret']]);
    await assert.rejects(
      source.fetch('software/agent-2'),
      /software\/agent-2 is not in .*deploy the stack again/,
    );
    assert.equal(await source.facts.node?.(), 'ebbtide-media_0');
  });

  function isEnding(name: string): boolean {
    return world.twin.machines().some((each) => each.name === name && each.provisioning === 'Deleting');
  }
});
