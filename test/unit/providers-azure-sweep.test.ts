import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { AzureError } from '../../fleet/azure/client.ts';
import type { ScaleSet, ScaleSetInstance } from '../../fleet/azure/scale-set.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import type { Decision } from '../../fleet/decision.ts';
import type { NodeStatus } from '../../fleet/status.ts';
import { sweep } from '../../providers/azure/sweep.ts';
import type { OnDestroy } from '../../providers/sweep-plan.ts';
import { NOW, statusOf } from './support/fleet.ts';
import { createMemoryStore } from './support/memory-store.ts';
import { assertSparesCalls, BUSY, type Say, saysEmpty } from './support/swept-nodes.ts';

const nodeOf = (id: number) => `ebbtide-media_${id}`;
const machineOf = (node: string) => `vm-${node}`;

interface Given {
  says: Say;
  stopped?: boolean;
}

const refused = (reason: string) => new AzureError(`refused: ${reason}`, reason, 403);

/** A scale set in memory. What is deleted is gone at the next tick; autoscale fills it up to its minimum. */
class SetInMemory implements Omit<ScaleSet, 'grow'> {
  exists = true;
  scales = true;
  readonly minimum = 1;
  readonly here = new Map<string, ScaleSetInstance>();
  readonly effects: string[] = [];
  failing: Partial<Record<'instances' | 'grows' | 'stopGrowing' | 'delete', string>> = {};

  add(id: number, changed: Partial<ScaleSetInstance> = {}): ScaleSetInstance {
    const node = nodeOf(id);
    const instance = {
      node,
      instanceId: String(id),
      machine: machineOf(node),
      zone: '1',
      state: 'Succeeded, running',
      deleting: false,
      stopped: false,
      ...changed,
    };
    this.here.set(node, instance);
    return instance;
  }
  private meet(what: keyof SetInMemory['failing']): void {
    const reason = this.failing[what];
    if (reason !== undefined) throw refused(reason);
  }
  async instances() {
    this.meet('instances');
    return this.exists ? [...this.here.values()] : undefined;
  }
  async grows() {
    this.meet('grows');
    return this.scales;
  }
  async stopGrowing() {
    this.effects.push('stop growing');
    this.meet('stopGrowing');
    this.scales = false;
  }
  async delete({ node }: ScaleSetInstance) {
    this.effects.push(`delete ${node}`);
    this.meet('delete');
    const found = this.here.get(node);
    if (found !== undefined) this.here.set(node, { ...found, deleting: true });
  }
  tick(): void {
    for (const { node, deleting } of [...this.here.values()]) if (deleting) this.here.delete(node);
    if (this.scales && this.here.size < this.minimum) this.add(900 + this.effects.length);
  }
}

/** Time passes only in `sleep`, and agents do what they are told in it. */
function setUp(given: Given[], onDestroy: OnDestroy = 'refuse') {
  let now = NOW;
  const store = createMemoryStore();
  const set = new SetInMemory();
  const registry = createBucketRegistry({ store });
  const say = (node: string, changed: Parameters<typeof statusOf>[1]) => {
    const body = JSON.stringify(statusOf(node, { machine: machineOf(node), ...changed }));
    store.objects.set(`statuses/${node}.json`, { body, ageMs: 1_000 });
  };
  given.forEach(({ says, stopped = false }, index) => {
    const { node } = set.add(index, { stopped });
    if (says !== 'silent') say(node, says);
  });
  /** Agents that read no decision. */
  const deaf = new Set<string>();
  async function agents(): Promise<void> {
    for (const { node, stopped } of set.here.values()) {
      const told = await store.get(`statuses/${node}.json`);
      if (told === undefined || stopped) continue;
      const status: NodeStatus = JSON.parse(told.body);
      const decided = await store.get(`decisions/${node}.json`);
      const decision: Decision | undefined = decided && JSON.parse(decided.body);
      const isIdle = status.work?.rooms === 0 && status.work.egress === 0;
      const leaves = !deaf.has(node) && decision?.machine === machineOf(node) && isIdle;
      say(node, leaves ? { phase: 'empty', decision } : { ...status });
    }
    set.tick();
  }
  const run = () =>
    sweep({
      pool: {
        pool: 'media',
        group: 'ebbtide-media',
        autoscale: 'ebbtide-media',
        resourceGroup: 'rg',
        region: 'westeurope',
      },
      onDestroy,
      scaleSet: set,
      registry,
      now: () => now,
      sleep: async (ms) => {
        now += ms;
        await agents();
      },
      say: () => undefined,
      deadlineMs: 60_000,
    });
  return { set, deaf, run, say };
}

describe('sweeping a pool on Azure', () => {
  it('stops growth first, has nodes without calls drained, and leaves nothing', async () => {
    const { set, run } = setUp([{ says: {} }, { says: {} }, { says: 'silent', stopped: true }]);
    await run();
    assert.equal(set.here.size, 0);
    assert.equal(set.effects[0], 'stop growing');
    assert.equal(set.effects.length, 4);
  });

  it('deletes a node only when its agent says that it is empty for that very decision', async () => {
    const { set, deaf, run, say } = setUp([{ says: {} }]);
    // It is empty because its operator wanted it so, and may serve again; what a sweep decides it has not read yet.
    deaf.add(nodeOf(0));
    const at = new Date(NOW).toISOString();
    const decision = {
      id: 'by-hand',
      intent: 'maintenance',
      at,
      by: 'operator',
      cause: 'operator',
      reason: 'x',
    } as const;
    say(nodeOf(0), { phase: 'empty', decision });
    await assert.rejects(run(), /machine is still there/);
    assert.deepEqual(set.effects, ['stop growing']);
  });

  it('refuses while a node carries calls, and tells how to drain and how to insist', async () => {
    const { set, run } = setUp([{ says: {} }, { says: BUSY }]);
    await assert.rejects(run(), (error: Error) => {
      assert.match(error.message, /calls are on 1 of its 2 nodes/);
      assert.match(error.message, /ebbtide-media_1 \(1, Succeeded, running\): serving, 2 rooms, 5 people/);
      assert.match(
        error.message,
        /Nothing has been destroyed\.\nTo drain first: .*\n {2}az monitor autoscale update/,
      );
      assert.match(error.message, /pulumi config set ebbtide:onDestroy cut/);
      return true;
    });
    assert.deepEqual([set.effects, set.here.size], [[], 2]);
  });

  it('refuses where a node does not speak, or what it says is of another of its name', async () => {
    const silent = setUp([{ says: 'silent' }]);
    await assert.rejects(silent.run(), /of 1 it is not known/);
    const another = setUp([{ says: {} }]);
    another.say(nodeOf(0), { machine: 'older' });
    await assert.rejects(another.run(), /of 1 it is not known/);
    assert.deepEqual([...silent.set.effects, ...another.set.effects], []);
  });

  for (const what of ['instances', 'grows'] as const) {
    it(`does nothing where it cannot read: ${what}`, async () => {
      const { set, run } = setUp([{ says: {} }]);
      set.failing = { [what]: 'AuthorizationFailed' };
      await assert.rejects(run(), /cannot be read\. Nothing has been destroyed/);
      assert.deepEqual(set.effects, []);
    });
  }

  it('gives up at once where a right is missing, and says how it stands', async () => {
    const { set, run } = setUp([{ says: {} }]);
    set.failing = { delete: 'AuthorizationFailed' };
    await assert.rejects(run(), /not destroyed to its end: a right is missing/);
    assert.equal(set.here.size, 1);
  });

  it('deletes nothing that autoscale would make again', async () => {
    const { set, run } = setUp([{ says: {} }]);
    set.failing = { stopGrowing: 'InternalServerError' };
    await assert.rejects(run(), /after 1 min 1 machine is still there/);
    assert.deepEqual([...new Set(set.effects)], ['stop growing']);
  });

  it('is done where there is no scale set any more', async () => {
    const { set, run } = setUp([]);
    set.exists = false;
    await run();
    assert.deepEqual(set.effects, []);
  });

  it('cuts where it is told to', async () => {
    const { set, run } = setUp([{ says: BUSY }, { says: 'silent' }], 'cut');
    await run();
    assert.equal(set.here.size, 0);
  });

  it('never, unless it cuts, deletes a machine on which a call may be', async () => {
    await assertSparesCalls<Given>({
      any: fc.record({ stopped: fc.boolean() }),
      async sweep(given) {
        const { set, run } = setUp(given);
        await run().catch(() => undefined);
        return (index) => set.here.has(nodeOf(index));
      },
      mayGo: ({ says, stopped = false }) => stopped || saysEmpty(says),
    });
  });
});
