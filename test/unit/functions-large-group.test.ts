import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { createRealClock } from '../../fleet/clock.ts';
import { type Digest, digestOf, parseDigest } from '../../functions/aws/digest.ts';
import { answerGroup } from '../../functions/aws/termination-policy/answer.ts';
import { ago, NOW, statusOf } from './support/fleet.ts';
import { createMemoryStore } from './support/memory-store.ts';

type Changed = Parameters<typeof statusOf>[1];

const SIZE = 1_200;
const name = (index: number) => `i-${String(index).padStart(4, '0')}`;
const ALL = Array.from({ length: SIZE }, (_, index) => name(index));

/** A group that is too large to be read whole; every node has one room more than its number, but those that are changed. */
function setUp(changed: Record<string, Changed> = {}) {
  const store = createMemoryStore();
  const put = (node: string, own: Changed) =>
    store.objects.set(`statuses/AROAX:${node}.json`, {
      body: JSON.stringify(statusOf(node, own)),
      ageMs: 1_000,
    });
  for (const [index, node] of ALL.entries()) put(node, changed[node] ?? { work: { rooms: 1 + index } });
  for (const [node, own] of Object.entries(changed)) put(node, own);
  const registry = createBucketRegistry({ store });
  const lines: Record<string, unknown>[] = [];
  return {
    store,
    lines,
    /** As the watcher writes it, of the fleet as it is now. */
    async digest(change: (digest: Digest) => Digest = (same) => same) {
      const digest = digestOf(await registry.readFleet());
      const memory = change(parseDigest({ kind: 'found', memory: digest }) ?? []);
      const nodes = memory.map(({ node, template, roomsAndJobs, people, bootedAt }) => [
        node,
        template ?? null,
        roomsAndJobs,
        people,
        bootedAt,
      ]);
      await registry.writeMemory('digest', { v: 1, nodes });
      store.asked.length = 0;
    },
    read: () => store.asked.filter((what) => what.startsWith('get statuses/')).length,
    ask: (machines = ALL, cause = 'SCALE_IN', maxDrains = 2) =>
      answerGroup(
        {
          AutoScalingGroupName: 'ebbtide-media',
          CapacityToTerminate: [{ AvailabilityZone: 'a', Capacity: 1 }],
          Instances: machines.map((InstanceId) => ({ AvailabilityZone: 'a', InstanceId })),
          Cause: cause,
        },
        {
          settings: { pool: 'media', bucket: 'b', maxDrains, coolDownMs: 0, warmUpMs: 120_000 },
          registry,
          log: (_, __, details) => lines.push(details),
          clock: createRealClock(() => NOW),
          random: Math.random,
          readBudgetMs: 5_000,
          writeBudgetMs: 5_000,
        },
      ),
  };
}

const ids = (...InstanceIDs: string[]) => ({ InstanceIDs });

describe('the termination policy of a large group', () => {
  it('reads those first whom the digest has as the emptiest, and no more than it needs', async () => {
    const { ask, digest, read } = setUp({ 'i-1100': {} });
    await digest();
    assert.deepEqual(await ask(), ids('i-1100'));
    assert.ok(read() <= 201, `${read()} were read`);
  });

  it('goes without a digest of other machines than these', async () => {
    const { ask, digest } = setUp();
    await digest((nodes) => nodes.map((each) => ({ ...each, node: `gone-${each.node}` })));
    assert.deepEqual(await ask(), ids('i-0000'));
  });

  it('goes by what it has read itself: one that has filled since is not the emptiest any more', async () => {
    const { ask, digest, store } = setUp({ 'i-1100': {}, 'i-1101': { work: { rooms: 1, people: 1 } } });
    await digest();
    const body = JSON.stringify(statusOf('i-1100', { work: { rooms: 900 } }));
    store.objects.set('statuses/AROAX:i-1100.json', { body, ageMs: 0 });
    assert.deepEqual(await ask(), ids('i-0000'));
  });

  for (const [what, own] of [
    ['is protected since', { protected: true }],
    ['drains since', { phase: 'draining' }],
    ['does not know its work since', { work: null, unknown: 'metrics are off' }],
  ] as const satisfies [string, Changed][]) {
    it(`whoever ${what} stays, whatever the digest says`, async () => {
      const { ask, digest, store } = setUp();
      await digest();
      store.objects.set('statuses/AROAX:i-0000.json', {
        body: JSON.stringify(statusOf('i-0000', own)),
        ageMs: 0,
      });
      assert.deepEqual(await ask(), ids('i-0001'));
    });
  }

  it('whoever has fallen silent since stays, whatever the digest says', async () => {
    const { ask, digest, store } = setUp();
    await digest();
    const body = store.objects.get('statuses/AROAX:i-0000.json')?.body ?? '';
    store.objects.set('statuses/AROAX:i-0000.json', { body, ageMs: 61_000 });
    assert.deepEqual(await ask(), ids('i-0001'));
  });

  it('whoever is not read is unknown, and not chosen', async () => {
    const { ask, digest, lines } = setUp();
    // Two, since one that is known to serve stays.
    await digest((all) => all.filter(({ node }) => node === 'i-0900' || node === 'i-0901'));
    assert.deepEqual(await ask(), ids('i-0900'));
    assert.equal(lines[0]?.unknown, SIZE - 2);
  });

  it('lists them all before it reads one: without the whole list nobody may go', async () => {
    const { ask, digest, store } = setUp();
    await digest();
    store.pageSize = 500;
    await ask();
    const what = store.asked.filter((asked) => / statuses\//.test(asked)).map((asked) => asked.slice(0, 4));
    assert.ok(what.lastIndexOf('list') < what.indexOf('get '), what.join(' '));
  });

  it('reads everybody who is not offered: each may be a drain that counts', async () => {
    const drains = Object.fromEntries(
      ['i-2000', 'i-2001'].map((node) => [node, { phase: 'draining', since: ago(60) } as const]),
    );
    const { ask, digest, lines } = setUp(drains);
    await digest();
    assert.deepEqual(await ask(), ids());
    assert.equal(lines[0]?.drainsUnderWay, 2);
  });

  it('reads them, and so knows who of them has gone', async () => {
    const gone = Object.fromEntries(
      ['i-2000', 'i-2001'].map((node) => [node, { phase: 'leaving' } as const]),
    );
    const { ask, digest } = setUp(gone);
    await digest();
    assert.deepEqual(await ask(), ids('i-0000'));
  });

  for (const [what, own] of [
    ['warm up', { bootedAt: ago(1) }],
    ['do not serve', { phase: 'booting' }],
    ['are protected', { protected: true }],
    ['do not know their work', { work: null, unknown: 'metrics are off' }],
  ] as const satisfies [string, Changed][]) {
    it(`those that ${what} take no place among those that are read`, async () => {
      const { ask, digest } = setUp(Object.fromEntries(ALL.slice(0, 600).map((node) => [node, own])));
      await digest();
      assert.deepEqual(await ask(), ids('i-0600'));
    });
  }

  for (const [what, body] of [
    ['no digest', undefined],
    ['a digest that makes no sense', '{"v":1,"nodes":[["i-0007"]]}'],
    ['a digest that is no JSON', '{'],
  ] as const) {
    it(`${what}: all are read, as far as there is time`, async () => {
      const { ask, store, read } = setUp();
      if (body !== undefined) store.objects.set('memory/digest.json', { body, ageMs: 0 });
      assert.deepEqual(await ask(), ids('i-0000'));
      assert.equal(read(), SIZE);
    });
  }

  it('a digest that does not come takes only a part of the time', async () => {
    const { ask, store } = setUp();
    store.failing.set('get memory/digest.json', 'hang');
    assert.deepEqual(await ask(), ids('i-0000'));
  });

  it('a list of which a part is not read chooses nobody: its drains would not be counted', async () => {
    const { ask, digest, store, lines } = setUp();
    await digest();
    store.pageSize = 500;
    store.failing.set('list statuses/#2', new Error('SlowDown'));
    assert.deepEqual(await ask(), ids());
    assert.match(JSON.stringify(lines[0]?.problems), /not read to its end.*SlowDown/);
  });

  it('reads all where unknown nodes go too: one of them may be protected', async () => {
    const { ask, digest, read } = setUp();
    await digest((all) => all.slice(0, 1));
    await ask(ALL, 'INSTANCE_REFRESH');
    assert.equal(read(), SIZE);
  });

  it('a small group asks for no digest', async () => {
    const { ask, store } = setUp();
    assert.deepEqual(await ask(ALL.slice(0, 1_000)), ids('i-0000'));
    assert.ok(!store.asked.includes('get memory/digest.json'));
  });
});

describe('the digest', () => {
  const fleetOf = (size: number, complete = true) => ({
    nodes: new Map(
      ALL.slice(0, size).map((node) => [node, { kind: 'fresh', status: statusOf(node), ageMs: 0 } as const]),
    ),
    complete,
  });

  it('is of a large fleet alone', () => {
    assert.equal(digestOf(fleetOf(1_000)), undefined);
    assert.equal(digestOf(fleetOf(1_001))?.nodes.length, 1_001);
  });

  it('is not made of a part of it', () =>
    assert.equal(digestOf({ ...fleetOf(SIZE, false), problem: 'x' }), undefined));
});
