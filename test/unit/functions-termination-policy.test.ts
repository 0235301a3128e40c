import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { createRealClock } from '../../fleet/clock.ts';
import type { Decision } from '../../fleet/decision.ts';
import type { NodeStatus } from '../../fleet/status.ts';
import { answerGroup } from '../../functions/aws/termination-policy/answer.ts';
import { createLog } from '../../functions/log.ts';
import { ago, NOW, statusOf } from './support/fleet.ts';
import { createMemoryStore } from './support/memory-store.ts';

type Changed = Parameters<typeof statusOf>[1];

/** A group of nodes, an empty bucket, and a clock that stands still unless a test moves it. */
function setUp(nodes: Record<string, Changed | 'silent'>) {
  const store = createMemoryStore();
  const lines: Record<string, unknown>[] = [];
  let clock = NOW;
  const put = (status: NodeStatus) =>
    store.objects.set(`statuses/AROAX:${status.node}.json`, { body: JSON.stringify(status), ageMs: 1_000 });
  for (const [node, changed] of Object.entries(nodes)) if (changed !== 'silent') put(statusOf(node, changed));

  function ask(asked: { cause?: string; capacity?: number; zone?: string; machines?: string[] } = {}) {
    const event = {
      AutoScalingGroupARN:
        'arn:aws:autoscaling:eu-west-1:1:autoScalingGroup:x:autoScalingGroupName/ebbtide-media',
      AutoScalingGroupName: 'ebbtide-media',
      CapacityToTerminate: [
        {
          AvailabilityZone: asked.zone ?? 'a',
          Capacity: asked.capacity ?? 1,
          InstanceMarketOption: 'on-demand',
        },
      ],
      Instances: (asked.machines ?? Object.keys(nodes)).map((InstanceId) => ({
        AvailabilityZone: 'a',
        InstanceId,
        InstanceType: 'c7i.large',
        InstanceMarketOption: 'on-demand',
      })),
      Cause: asked.cause ?? 'SCALE_IN',
      Novelty: true,
    };
    return answerGroup(event, {
      settings: { pool: 'media', bucket: 'b', maxDrains: 2, coolDownMs: 60_000, warmUpMs: 120_000 },
      registry: createBucketRegistry({ store }),
      log: createLog(
        (line) => lines.push(JSON.parse(line)),
        () => clock,
      ),
      clock: createRealClock(() => clock),
      random: Math.random,
      readBudgetMs: 60,
      writeBudgetMs: 60,
    });
  }
  const decision = (node: string): Decision =>
    JSON.parse(store.objects.get(`decisions/${node}.json`)?.body ?? 'null');
  return { store, lines, put, ask, decision, pass: (ms: number) => (clock += ms) };
}

const ids = (...InstanceIDs: string[]) => ({ InstanceIDs });

describe('termination policy', () => {
  it('answers with the emptiest node, after writing why, and tells it in one line', async () => {
    const { ask, decision, lines, store } = setUp({
      'i-1': { work: { rooms: 3 } },
      'i-2': {},
      'i-3': 'silent',
    });
    assert.deepEqual(await ask(), ids('i-2'));
    const { id, ...rest } = decision('i-2');
    assert.deepEqual(rest, {
      v: 1,
      node: 'i-2',
      pool: 'media',
      at: ago(0),
      by: 'termination-policy',
      cause: 'scale-in',
      intent: 'leave',
      reason: 'empty',
      passedOver: [
        { node: 'i-3', reason: 'no status in the registry: unknown is never empty' },
        { node: 'i-1', reason: 'others go first: only 1 asked for' },
      ],
    });
    assert.deepEqual(JSON.parse(store.objects.get('memory/termination-policy.json')?.body ?? ''), {
      v: 1,
      lastDecisionAt: ago(0),
      decided: [{ node: 'i-2', id, at: ago(0) }],
    });
    assert.equal(lines.length, 1);
    const { asked, answered, read, unknown, level } = lines[0] ?? {};
    assert.equal(lines[0]?.refused, false);
    assert.deepEqual(
      { asked, answered, read, unknown, level },
      { asked: 1, answered: ['i-2'], read: 2, unknown: 1, level: 'info' },
    );
  });

  const refusals: [string, Parameters<typeof setUp>[0], number, boolean][] = [
    ['everybody is unknown or protected', { 'i-1': 'silent', 'i-2': { protected: true } }, 1, true],
    ['nobody is asked for', { 'i-1': 'silent' }, 0, false],
    ['somebody drains, who will make room', { 'i-1': 'silent', 'i-2': { phase: 'draining' } }, 1, false],
  ];
  for (const [given, nodes, capacity, refused] of refusals) {
    it(`${refused ? 'refuses' : 'refuses nothing'} where ${given}, and says so`, async () => {
      const { ask, lines } = setUp(nodes);
      assert.deepEqual(await ask({ capacity }), ids());
      assert.equal(lines[0]?.refused, refused);
    });
  }

  it('refuses nobody who may go once it has cooled down', async () => {
    const { ask, lines, pass } = setUp({ 'i-1': {}, 'i-2': {} });
    await ask();
    pass(30_000);
    assert.deepEqual(await ask({ machines: ['i-2'] }), ids());
    assert.equal(lines[1]?.refused, false);
  });

  it('refuses where it cannot know', async () => {
    const { ask, lines, store } = setUp({ 'i-1': {} });
    store.failing.set('get memory/termination-policy.json', new Error('AccessDenied'));
    assert.deepEqual(await ask(), ids());
    assert.deepEqual([lines[0]?.refused, lines[0]?.level], [true, 'error']);
  });

  for (const [cause, unknownGoes] of [
    ['SCALE_IN', false],
    ['REBALANCE', false],
    ['INSTANCE_REFRESH', true],
    ['MAX_INSTANCE_LIFETIME', true],
  ] as const) {
    it(`${cause}: an unknown node ${unknownGoes ? 'goes last' : 'never goes'}`, async () => {
      const { ask, decision } = setUp({ 'i-1': 'silent', 'i-2': { work: { rooms: 9 } } });
      assert.deepEqual(await ask({ cause, capacity: 2 }), unknownGoes ? ids('i-2', 'i-1') : ids('i-2'));
      assert.match(decision('i-2').cause, /scale-in|rebalance|instance-refresh|max-lifetime/);
    });
  }

  it('gives none from a zone that was not asked for', async () => {
    const { ask } = setUp({ 'i-1': {} });
    assert.deepEqual(await ask({ zone: 'b' }), ids());
  });

  for (const [given, event] of [
    ['nothing', undefined],
    ['another event', { detail: {} }],
    [
      'an unknown cause',
      { AutoScalingGroupName: 'g', CapacityToTerminate: [], Instances: [], Cause: 'WHIM' },
    ],
  ] as const) {
    it(`fails on ${given}, so that the group ends nothing`, async () => {
      const { store } = setUp({});
      const tools = {
        settings: { pool: 'media', bucket: 'b', maxDrains: 2, coolDownMs: 0, warmUpMs: 0 },
        registry: createBucketRegistry({ store }),
        log: () => undefined,
        clock: createRealClock(() => NOW),
        random: Math.random,
        readBudgetMs: 60,
        writeBudgetMs: 60,
      };
      await assert.rejects(answerGroup(event, tools), /not a question of an Auto Scaling group/);
      assert.deepEqual(store.asked, []);
    });
  }

  describe('asked again', () => {
    it('before the node is seen to drain, gives the same one under the same decision', async () => {
      const { ask, decision, put, pass } = setUp({ 'i-1': { work: { rooms: 3 } }, 'i-2': {} });
      await ask();
      const first = decision('i-2');
      put(statusOf('i-2', { work: { rooms: 8 } }));
      pass(30_000);
      assert.deepEqual(await ask(), ids('i-2'));
      assert.deepEqual([decision('i-2').id, decision('i-2').at], [first.id, first.at]);
    });

    it('for another while it cools down, gives none', async () => {
      const { ask, pass } = setUp({ 'i-1': {}, 'i-2': {} });
      assert.deepEqual(await ask(), ids('i-1'));
      pass(59_000);
      assert.deepEqual(await ask({ machines: ['i-2'] }), ids());
      pass(1_000);
      assert.deepEqual(await ask({ machines: ['i-2'] }), ids('i-2'));
    });

    it('for a refresh, does not wait for the cool-down of the last scale-in', async () => {
      const { ask } = setUp({ 'i-1': {}, 'i-2': {} });
      await ask();
      assert.deepEqual(await ask({ cause: 'INSTANCE_REFRESH', machines: ['i-2'] }), ids('i-2'));
    });

    it('chooses afresh when the group did not take the last answer within two minutes', async () => {
      const { ask, decision, put, pass } = setUp({ 'i-1': { work: { rooms: 3 } }, 'i-2': {} });
      await ask();
      const first = decision('i-2').id;
      put(statusOf('i-2', { work: { rooms: 8 } }));
      pass(120_000);
      assert.deepEqual(await ask(), ids('i-1'));
      assert.notEqual(decision('i-1').id, first);
    });
  });

  describe('drains under way', () => {
    const leaving = { id: 'd', by: 'x', cause: 'scale-in', intent: 'leave', at: ago(60) } as const;
    const rows: {
      given: string;
      others: Record<string, Changed | 'silent'>;
      answered: number;
      fail?: string;
    }[] = [
      { given: 'none', others: {}, answered: 2 },
      { given: 'one that drains', others: { 'i-d': { phase: 'draining', decision: leaving } }, answered: 1 },
      {
        given: 'one that is empty and here still',
        others: { 'i-d': { phase: 'empty', decision: leaving } },
        answered: 1,
      },
      { given: 'one that has left', others: { 'i-d': { phase: 'leaving', decision: leaving } }, answered: 2 },
      {
        given: 'one that an operator empties to keep it',
        others: { 'i-d': { phase: 'empty', decision: { ...leaving, intent: 'maintenance' } } },
        answered: 2,
      },
      { given: 'one outside the group that cannot be read', others: { 'i-d': {} }, fail: 'i-d', answered: 1 },
      {
        given: 'as many as are allowed',
        others: { 'i-d': { phase: 'draining', decision: leaving }, 'i-e': { phase: 'draining' } },
        answered: 0,
      },
    ];
    for (const { given, others, answered, fail } of rows) {
      it(`${given}: ${answered} of 2 may go`, async () => {
        const { ask, store } = setUp({ 'i-1': {}, 'i-2': {}, 'i-3': {}, ...others });
        if (fail) store.failing.set(`get statuses/AROAX:${fail}.json`, new Error('503'));
        const answer = await ask({ capacity: 2, machines: ['i-1', 'i-2', 'i-3'] });
        assert.equal(answer.InstanceIDs.length, answered);
      });
    }

    it('decided nodes that are not offered any more and not seen to drain yet count too', async () => {
      const { ask, pass } = setUp({ 'i-1': {}, 'i-2': {}, 'i-3': {} });
      assert.equal((await ask({ capacity: 2 })).InstanceIDs.length, 2);
      pass(61_000);
      assert.deepEqual(await ask({ capacity: 1, machines: ['i-3'] }), ids());
    });

    for (const [given, says, silentMs, answer] of [
      ['that serve, and are not offered any more', { phase: 'serving' }, 1_000, ids()],
      ['that serve in a zone that is not asked for', { phase: 'serving', zone: 'b' }, 1_000, ids()],
      ['that boot in a zone that is not asked for', { phase: 'booting', zone: 'b' }, 1_000, ids()],
      ['that say that they leave', { phase: 'leaving' }, 1_000, ids('i-3')],
      ['that fell silent while they serve', { phase: 'serving' }, 130_000, ids()],
      ['that fell silent while they drain', { phase: 'draining' }, 130_000, ids()],
      ['that fell silent once they were empty', { phase: 'empty' }, 130_000, ids('i-3')],
      ['whose last word is that they leave', { phase: 'leaving' }, 130_000, ids('i-3')],
      ['that have been silent for an hour', { phase: 'draining' }, 3_600_000, ids('i-3')],
    ] as const) {
      it(`decided nodes ${given}: ${answer.InstanceIDs.length} of 1 may go`, async () => {
        const { ask, pass, store } = setUp({ 'i-1': {}, 'i-2': {}, 'i-3': {} });
        await ask({ capacity: 2 });
        pass(Math.max(130_000, silentMs));
        for (const node of ['i-1', 'i-2']) {
          const body = JSON.stringify(statusOf(node, says));
          store.objects.set(`statuses/AROAX:${node}.json`, { body, ageMs: silentMs });
        }
        assert.deepEqual(await ask({ machines: ['i-3'] }), answer);
      });
    }

    for (const [given, passedMs, machines, answer] of [
      ['for less than an hour', 3_599_000, ['i-3'], ids()],
      ['for an hour', 3_600_000, ['i-3'], ids('i-3')],
      ['and are offered again', 130_000, ['i-1', 'i-2', 'i-3'], ids('i-1')],
    ] as const) {
      it(`decided nodes that say that they serve ${given}: ${answer.InstanceIDs.length} of 1 may go`, async () => {
        const { ask, pass } = setUp({ 'i-1': {}, 'i-2': {}, 'i-3': {} });
        await ask({ capacity: 2 });
        pass(passedMs);
        assert.deepEqual(await ask({ machines: [...machines] }), answer);
      });
    }

    it('a decided node that still holds its place is not forgotten when another is decided', async () => {
      const { ask, pass } = setUp({ 'i-1': {}, 'i-2': {}, 'i-3': {}, 'i-4': {} });
      await ask();
      pass(130_000);
      assert.deepEqual(await ask({ machines: ['i-2', 'i-3'] }), ids('i-2'));
      pass(130_000);
      assert.deepEqual(await ask({ machines: ['i-3', 'i-4'] }), ids());
    });
  });

  describe('who serves last', () => {
    const kept = { id: 'd', by: 'operator', cause: 'operator', intent: 'maintenance', at: ago(60) } as const;
    const emptied = { phase: 'empty', decision: kept } as const;
    const rows: {
      given: string;
      nodes: Record<string, Changed | 'silent'>;
      asked: Parameters<ReturnType<typeof setUp>['ask']>[0];
      answer: string[];
    }[] = [
      {
        given: 'beside one that an operator keeps empty',
        nodes: { 'i-1': {}, 'i-2': emptied },
        asked: {},
        answer: [],
      },
      { given: 'beside one that is silent', nodes: { 'i-1': {}, 'i-2': 'silent' }, asked: {}, answer: [] },
      {
        given: 'beside one that boots',
        nodes: { 'i-1': {}, 'i-2': { phase: 'booting' } },
        asked: {},
        answer: [],
      },
      {
        given: 'beside one that an operator keeps empty in a zone that is not asked for',
        nodes: { 'i-1': {}, 'i-2': emptied },
        asked: { machines: ['i-1'] },
        answer: [],
      },
      {
        given: 'in its zone, and not in others',
        nodes: { 'i-1': {}, 'i-2': 'silent', 'i-3': {} },
        asked: { machines: ['i-1', 'i-2'] },
        answer: ['i-1'],
      },
      {
        given: 'where two serve beside one that is kept empty',
        nodes: { 'i-1': {}, 'i-2': emptied, 'i-3': {} },
        asked: { capacity: 2 },
        answer: ['i-1'],
      },
      { given: 'and the group gives up all', nodes: { 'i-1': {} }, asked: {}, answer: ['i-1'] },
      {
        given: 'and the group gives up all, one of them kept empty',
        nodes: { 'i-1': {}, 'i-2': emptied },
        asked: { capacity: 2 },
        answer: ['i-1'],
      },
      ...['INSTANCE_REFRESH', 'MAX_INSTANCE_LIFETIME', 'REBALANCE'].map((cause) => ({
        given: `and is replaced (${cause})`,
        nodes: { 'i-1': {}, 'i-2': emptied },
        asked: { cause },
        answer: ['i-1'],
      })),
    ];
    for (const { given, nodes, asked, answer } of rows) {
      it(`${given}: ${answer.length === 0 ? 'stays' : `${answer.join()} goes`}`, async () => {
        const { ask, lines } = setUp(nodes);
        assert.deepEqual(await ask(asked), ids(...answer));
        if (answer.length > 0) return;
        assert.match(JSON.stringify(lines[0]?.passedOver), /the minimum of \w+ serving nodes must remain/);
        assert.equal(lines[0]?.refused, false);
      });
    }

    it('goes once another serves again', async () => {
      const { ask, put } = setUp({ 'i-1': {}, 'i-2': emptied });
      assert.deepEqual(await ask(), ids());
      put(statusOf('i-2', { work: { rooms: 1 } }));
      assert.deepEqual(await ask(), ids('i-1'));
    });
  });

  describe('when the store', () => {
    it('does not list, nobody goes for a scale-in, and the line says why', async () => {
      const { ask, store, lines } = setUp({ 'i-1': {} });
      store.failing.set('list statuses/', new Error('SlowDown'));
      assert.deepEqual(await ask(), ids());
      assert.equal(lines[0]?.level, 'error');
      assert.match(JSON.stringify(lines[0]), /SlowDown/);
      assert.ok(!store.objects.has('memory/termination-policy.json'));
    });

    it('lists only a part, nobody goes for a scale-in: more drains may be under way', async () => {
      const { ask, store } = setUp({ 'i-1': {}, 'i-2': {} });
      store.pageSize = 1;
      store.failing.set('list statuses/#2', new Error('SlowDown'));
      assert.deepEqual(await ask(), ids());
    });

    it('is slow with some nodes, answers in time from the others', async () => {
      const { ask, store } = setUp({
        'i-1': {},
        'i-2': { work: { rooms: 1 } },
        'i-3': { work: { rooms: 2 } },
      });
      store.failing.set('get statuses/AROAX:i-1.json', 'hang');
      const startedAt = performance.now();
      assert.deepEqual(await ask(), ids('i-2'));
      assert.ok(performance.now() - startedAt < 10_000);
    });

    it('never answers at all, gives none in time', async () => {
      const { ask, store } = setUp({ 'i-1': {} });
      store.failing.set('list statuses/', 'hang');
      store.failing.set('get memory/termination-policy.json', 'hang');
      const startedAt = performance.now();
      assert.deepEqual(await ask({ cause: 'INSTANCE_REFRESH' }), ids());
      assert.ok(performance.now() - startedAt < 10_000);
    });

    for (const failure of [new Error('AccessDenied'), 'hang'] as const) {
      it(`does not take a decision (${failure instanceof Error ? 'refuses' : 'hangs'}), that node stays and the others go`, async () => {
        const { ask, store, lines } = setUp({ 'i-1': {}, 'i-2': {} });
        store.failing.set('put decisions/i-1.json', failure);
        assert.deepEqual(await ask({ capacity: 2 }), ids('i-2'));
        assert.equal(lines[0]?.level, 'error');
      });
    }

    it('does not take the memory, nobody goes', async () => {
      const { ask, store } = setUp({ 'i-1': {} });
      store.failing.set('put memory/termination-policy.json', new Error('AccessDenied'));
      assert.deepEqual(await ask(), ids());
    });

    it('does not give the memory, nobody goes, and it is not overwritten', async () => {
      const { ask, store } = setUp({ 'i-1': {} });
      store.failing.set('get memory/termination-policy.json', new Error('503'));
      assert.deepEqual(await ask(), ids());
      assert.ok(!store.asked.some((what) => what.startsWith('put ')));
    });

    for (const body of ['{"v":1,', '{"v":9}']) {
      it(`holds memory that makes no sense (${body}), nobody goes now, and it is begun anew`, async () => {
        const { ask, store, pass, lines } = setUp({ 'i-1': {} });
        store.objects.set('memory/termination-policy.json', { body, ageMs: 0 });
        assert.deepEqual(await ask(), ids());
        assert.equal(lines[0]?.level, 'error');
        pass(59_000);
        assert.deepEqual(await ask(), ids());
        pass(1_000);
        assert.deepEqual(await ask(), ids('i-1'));
      });
    }
  });

  it('keeps at most fifty reasons in a decision, and says how many there were', async () => {
    const nodes = Object.fromEntries(Array.from({ length: 70 }, (_, index) => [`i-${index + 100}`, {}]));
    const { ask, decision } = setUp(nodes);
    await ask();
    const { passedOver, passedOverMore } = decision('i-100');
    assert.deepEqual([passedOver?.length, passedOverMore], [50, 19]);
  });
});
