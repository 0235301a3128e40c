import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { AwsError } from '../../fleet/aws/client.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import type { Decision } from '../../fleet/decision.ts';
import { DigitalOceanError } from '../../fleet/digitalocean/client.ts';
import type { ListedDroplet } from '../../fleet/digitalocean/droplets.ts';
import type { NodeStatus } from '../../fleet/status.ts';
import {
  createStatusSigner,
  deriveStatusKey,
  SIGNATURE_METADATA,
  verifyStatus,
} from '../../fleet/status-signature.ts';
import { sweep } from '../../providers/digitalocean/sweep.ts';
import type {
  OrchestratorState,
  SweptOrchestrator,
} from '../../providers/digitalocean/swept-orchestrator.ts';
import type { OnDestroy } from '../../providers/sweep-plan.ts';
import { ago, NOW, statusOf } from './support/fleet.ts';
import { createMemoryStore } from './support/memory-store.ts';
import { assertSparesCalls, BUSY, type Say, saysEmpty } from './support/swept-nodes.ts';

const SECRET = 'a secret of the pool, 32 or more of it';
const RUNS_MS = 60_000;
const nodeOf = (id: number) => `ebbtide-media-0000000${id}`;
const idOf = (id: number) => 700 + id;

interface Given {
  says: Say;
  status?: string;
  signedBy?: 'itself' | 'a neighbour' | 'nobody';
}

type Call = 'read' | 'shut' | 'list' | 'delete';

/** Droplets in memory, and an orchestrator that makes up for each that goes while anything wakes it. */
class Account implements SweptOrchestrator {
  state: OrchestratorState = { kind: 'awake', runsMs: RUNS_MS };
  readonly here = new Map<number, ListedDroplet>();
  readonly effects: string[] = [];
  failing: Partial<Record<Call, { status: number; times: number }>> = {};
  /** A run that had begun before nothing woke it: it makes one more, so long after. */
  lateMs: number | undefined;
  /** Somebody opens it again, so long after it was shut. */
  openedAfterMs: number | undefined;
  private shutAt = 0;
  constructor(private readonly now: () => number) {}

  add(index: number, status = 'active'): ListedDroplet {
    const droplet = {
      id: idOf(index),
      name: nodeOf(index),
      status,
      created_at: ago(3600),
      region: { slug: 'fra1' },
      tags: ['ebbtide-media', `ebbtide-decision:D-${index}`],
      listedAt: NOW,
    };
    this.here.set(droplet.id, droplet);
    return droplet;
  }
  private meet(call: Call): void {
    const fault = this.failing[call];
    if (fault === undefined || fault.times === 0) return;
    fault.times -= 1;
    throw new DigitalOceanError(`${call} was refused`, 'forbidden', fault.status);
  }
  async read() {
    this.meet('read');
    return this.state;
  }
  async shut() {
    this.effects.push('shut');
    this.meet('shut');
    this.state = { kind: 'shut', runsMs: RUNS_MS };
    this.shutAt = this.now();
  }
  async list() {
    this.meet('list');
    return [...this.here.values()];
  }
  async delete(id: number) {
    this.effects.push(`delete ${id}`);
    this.meet('delete');
    this.here.delete(id);
    if (this.state.kind === 'awake') this.add(9);
  }
  async dropTag(tag: string) {
    this.effects.push(`drop ${tag}`);
  }
  tick(): void {
    if (this.openedAfterMs !== undefined && this.now() - this.shutAt >= this.openedAfterMs) {
      this.openedAfterMs = undefined;
      this.state = { kind: 'awake', runsMs: RUNS_MS };
    }
    if (this.lateMs === undefined || this.state.kind !== 'shut') return;
    if (this.now() - this.shutAt < this.lateMs) return;
    this.add(8);
    this.lateMs = undefined;
  }
}

/** Time passes only in `sleep`, and agents do what they are told in it. */
function setUp(given: Given[], onDestroy: OnDestroy = 'refuse') {
  let now = NOW;
  const store = createMemoryStore();
  const metadata = new Map<string, Record<string, string>>();
  const read = store.get;
  store.get = async (key, signal) => {
    const object = await read(key, signal);
    return object && { ...object, metadata: metadata.get(key) ?? {} };
  };
  const account = new Account(() => now);
  const registry = createBucketRegistry({ store, verify: (status) => verifyStatus(SECRET, status) });
  function say(
    index: number,
    changed: Parameters<typeof statusOf>[1],
    { by = 'itself', ageMs = 1_000 }: { by?: Given['signedBy']; ageMs?: number } = {},
  ): void {
    const node = nodeOf(index);
    const key = `statuses/${node}.json`;
    const body = JSON.stringify(statusOf(node, { machine: String(idOf(index)), ...changed }));
    store.objects.set(key, { body, ageMs });
    const signer = createStatusSigner(deriveStatusKey(SECRET, by === 'itself' ? node : nodeOf(5)));
    metadata.set(key, by === 'nobody' ? {} : { [SIGNATURE_METADATA]: signer(key, body) });
  }
  given.forEach(({ says, status, signedBy }, index) => {
    account.add(index, status);
    if (says !== 'silent') say(index, says, { by: signedBy });
  });
  /** Agents that read no decision, and those whose word is old. */
  const deaf = new Set<number>();
  const slow = new Set<number>();
  /** Agents that have begun to drain, and are not at the end of it. */
  const draining = new Set<number>();
  async function agents(): Promise<void> {
    for (const { id, status } of account.here.values()) {
      const index = id - 700;
      const told = store.objects.get(`statuses/${nodeOf(index)}.json`);
      if (told === undefined || status === 'off' || (given[index]?.signedBy ?? 'itself') !== 'itself')
        continue;
      const says: NodeStatus = JSON.parse(told.body);
      const decided = await store.get(`decisions/${nodeOf(index)}.json`);
      const decision: Decision | undefined = decided && JSON.parse(decided.body);
      const isIdle = says.work?.rooms === 0 && says.work.egress === 0;
      const leaves = !deaf.has(index) && decision?.machine === String(id) && isIdle;
      say(index, leaves ? { phase: draining.has(index) ? 'draining' : 'empty', decision } : { ...says }, {
        ageMs: slow.has(index) ? 13_000 : 1_000,
      });
    }
    account.tick();
  }
  const run = () =>
    sweep({
      pool: { pool: 'media', group: 'ebbtide-media', region: 'fra1', namespace: 'fn-1' },
      onDestroy,
      orchestrator: account,
      droplets: account,
      registry,
      now: () => now,
      sleep: async (ms) => {
        now += ms;
        await agents();
      },
      say: () => undefined,
      deadlineMs: 300_000,
    });
  return { account, store, deaf, slow, draining, run, say, elapsed: () => now - NOW };
}

describe('sweeping a pool on DigitalOcean', () => {
  it('shuts the orchestrator first, has nodes without calls drained, and leaves nothing', async () => {
    const { account, run } = setUp([{ says: {} }, { says: {} }]);
    await run();
    assert.equal(account.here.size, 0);
    const [first, ...others] = account.effects;
    assert.equal(first, 'shut');
    // Each droplet's own tag before it goes; the two side by side.
    for (const [tag, droplet] of [
      ['drop ebbtide-decision:d-0', 'delete 700'],
      ['drop ebbtide-decision:d-1', 'delete 701'],
    ])
      assert.deepEqual(
        others.filter((effect) => effect === tag || effect === droplet),
        [tag, droplet],
      );
    assert.equal(others.length, 4);
  });

  // The last is listed a little after the longest run.
  for (const lateMs of [50_000, 68_000]) {
    it(`waits until a run that had begun can make no droplet any more, and takes what it made after ${lateMs} ms`, async () => {
      const { account, run, elapsed, say } = setUp([]);
      account.lateMs = lateMs;
      say(8, { phase: 'serving' });
      await run();
      assert.equal(account.here.size, 0);
      assert.ok(account.effects.includes('delete 708'));
      assert.ok(elapsed() >= RUNS_MS);
    });
  }

  it('shuts again what somebody has opened meanwhile, and waits anew', async () => {
    const { account, run, elapsed } = setUp([]);
    account.openedAfterMs = 40_000;
    await run();
    assert.deepEqual(account.effects, ['shut', 'shut']);
    assert.ok(elapsed() >= 40_000 + RUNS_MS);
  });

  it('waits for calls that begin while it sweeps: it has that node neither drained nor deleted', async () => {
    const { account, store, run, say } = setUp([]);
    account.lateMs = 1_000;
    say(8, { work: { rooms: 1, people: 2 } });
    await assert.rejects(run(), /after 5 min 1 machine is still there/);
    assert.deepEqual([account.here.size, account.effects], [1, ['shut']]);
    assert.ok(!store.objects.has(`decisions/${nodeOf(8)}.json`));
  });

  it('deletes nothing while anything may wake the orchestrator', async () => {
    const { account, run } = setUp([{ says: {} }], 'cut');
    account.failing = { shut: { status: 500, times: 1e9 } };
    await assert.rejects(run(), /not destroyed to its end[\s\S]*failed: shut was refused/);
    assert.deepEqual(new Set(account.effects), new Set(['shut']));
  });

  it('refuses while a node carries calls, and tells how to drain and how to insist', async () => {
    const { account, run } = setUp([{ says: {} }, { says: BUSY }]);
    await assert.rejects(run(), (error: Error) => {
      assert.match(error.message, /calls are on 1 of its 2 nodes/);
      assert.match(error.message, /00000001 \(fra1, active\): serving, 2 rooms, 5 people/);
      assert.match(error.message, /Nothing has been destroyed\.\nTo drain first: .*\n {2}doctl serverless/);
      assert.match(error.message, /pulumi config set ebbtide:onDestroy cut/);
      return true;
    });
    assert.deepEqual([account.effects, account.here.size], [[], 2]);
  });

  const unknown: [string, Given, RegExp][] = [
    ['does not speak', { says: 'silent' }, /no status in the registry/],
    ['is still being made', { says: 'silent', status: 'new' }, /fra1, new/],
    ['does not know its work', { says: { work: null } }, /its work is unknown/],
    ['did not sign', { says: {}, signedBy: 'nobody' }, /its status is not signed/],
    ['was spoken for by another', { says: {}, signedBy: 'a neighbour' }, /wrongly signed/],
    [
      'says that it is empty in the words of another',
      { says: { phase: 'empty' }, signedBy: 'a neighbour' },
      /wrongly signed/,
    ],
  ];
  for (const [what, given, told] of unknown) {
    it(`refuses where a node ${what}`, async () => {
      const { account, run } = setUp([given]);
      await assert.rejects(run(), told);
      assert.deepEqual(account.effects, []);
    });
  }

  it('takes no word of an earlier machine of that name', async () => {
    const { account, run, say } = setUp([{ says: {} }]);
    say(0, { machine: '699' });
    await assert.rejects(run(), /of 1 it is not known/);
    assert.deepEqual(account.effects, []);
  });

  const stays: [string, (set: ReturnType<typeof setUp>) => void][] = [
    ['does not hear', ({ deaf }) => deaf.add(0)],
    ['drains still', ({ draining }) => draining.add(0)],
    ['has said so too long ago', ({ slow }) => slow.add(0)],
    [
      'is empty for another reason, and may serve again',
      ({ deaf, say }) => {
        deaf.add(0);
        const at = new Date(NOW).toISOString();
        const by = { at, by: 'operator', cause: 'operator', reason: 'x' } as const;
        say(0, { phase: 'empty', decision: { id: 'by-hand', intent: 'maintenance', ...by } });
      },
    ],
  ];
  for (const [what, arrange] of stays) {
    it(`deletes no node that ${what}`, async () => {
      const set = setUp([{ says: {} }]);
      arrange(set);
      await assert.rejects(set.run(), /machine is still there/);
      assert.deepEqual(set.account.effects, ['shut']);
    });
  }

  const decided: [string, Partial<Decision>][] = [
    ['about an earlier machine of that name', { machine: '699' }],
    ['that a node is to be looked after, and to stay', { intent: 'maintenance' }],
  ];
  for (const [what, changed] of decided) {
    it(`takes no decision ${what}`, async () => {
      const { account, store, run } = setUp([{ says: {} }]);
      const own = { v: 1, id: 'X', node: nodeOf(0), machine: '700', pool: 'media', at: ago(60) };
      const why = { by: 'x', cause: 'scale-in', intent: 'leave', reason: 'x' };
      store.objects.set(`decisions/${nodeOf(0)}.json`, {
        body: JSON.stringify({ ...own, ...why, ...changed }),
        ageMs: 60_000,
      });
      await run();
      assert.equal(account.here.size, 0);
      const { machine, intent, id } = JSON.parse(
        store.objects.get(`decisions/${nodeOf(0)}.json`)?.body ?? '',
      );
      assert.deepEqual([machine, intent, id === 'X'], ['700', 'leave', false]);
    });
  }

  it('deletes what is off and silent, and not what may be restarting', async () => {
    const off = setUp([{ says: 'silent', status: 'off' }]);
    await off.run();
    assert.equal(off.account.here.size, 0);
    const restarting = setUp([{ says: BUSY, status: 'off' }]);
    await assert.rejects(restarting.run(), /calls are on 1/);
    assert.deepEqual(restarting.account.effects, []);
  });

  for (const what of ['read', 'list'] as const) {
    it(`does nothing where it cannot read: ${what}`, async () => {
      const { account, run } = setUp([{ says: {} }], 'cut');
      account.failing = { [what]: { status: 500, times: 1 } };
      await assert.rejects(run(), /cannot be read\. Nothing has been destroyed/);
      assert.deepEqual(account.effects, []);
    });
  }

  it('gives up at once where a right is missing, and says how it stands', async () => {
    const { account, run, elapsed } = setUp([{ says: {} }]);
    account.failing = { delete: { status: 403, times: 1 } };
    await assert.rejects(run(), /not destroyed to its end: a right is missing/);
    assert.equal(account.here.size, 1);
    assert.ok(elapsed() < 10_000);
  });

  it('gives up at once where its key of Spaces may not, or is no more', async () => {
    const { store, run, elapsed } = setUp([{ says: {} }]);
    store.failing.set(
      `put decisions/${nodeOf(0)}.json`,
      new AwsError('it is not there', 'InvalidAccessKeyId', 403),
    );
    await assert.rejects(run(), /not destroyed to its end: a right is missing/);
    assert.ok(elapsed() < 10_000);
  });

  it('tries again what fails for a while', async () => {
    const { account, run } = setUp([{ says: {} }]);
    account.failing = { delete: { status: 500, times: 2 } };
    await run();
    assert.equal(account.here.size, 0);
  });

  it('cuts where it is told to, silent ones and unsigned ones included', async () => {
    const { account, run } = setUp(
      [{ says: BUSY }, { says: 'silent' }, { says: {}, signedBy: 'nobody' }],
      'cut',
    );
    await run();
    assert.equal(account.here.size, 0);
    assert.equal(account.effects[0], 'shut');
  });

  it('is done where all of it is gone, and nothing speaks against that', async () => {
    const gone = setUp([]);
    gone.account.state = { kind: 'gone' };
    await gone.run();
    assert.deepEqual([gone.account.effects, gone.elapsed()], [[], 0]);
  });

  it("takes no absence for an end where its nodes speak, or nobody knows: the token may be another account's", async () => {
    const speaking = setUp([]);
    speaking.account.state = { kind: 'gone' };
    speaking.say(1, {});
    await assert.rejects(speaking.run(), /nodes of it speak all the same: .*Are these the credentials/);
    const blind = setUp([]);
    blind.account.state = { kind: 'gone' };
    blind.store.failing.set('list statuses/', new Error('no answer'));
    await assert.rejects(blind.run(), /registry cannot be read \(no answer\)/);
  });

  it('sweeps droplets that are left of a pool without an orchestrator', async () => {
    const { account, run } = setUp([{ says: {} }]);
    account.state = { kind: 'gone' };
    await run();
    assert.equal(account.here.size, 0);
  });

  it('never, unless it cuts, deletes a droplet on which a call may be', async () => {
    await assertSparesCalls<Given>({
      any: fc.record({
        status: fc.constantFrom('active', 'new'),
        signedBy: fc.constantFrom('itself' as const, 'nobody' as const, 'a neighbour' as const),
      }),
      async sweep(given) {
        const { account, run } = setUp(given);
        await run().catch(() => undefined);
        return (index) => account.here.has(idOf(index));
      },
      mayGo: ({ says, signedBy }) => saysEmpty(says) && signedBy === 'itself',
    });
  });
});
