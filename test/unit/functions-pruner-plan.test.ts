import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Decision } from '../../fleet/decision.ts';
import type { Place, PoolMachine } from '../../fleet/pool-machine.ts';
import type { DecisionReading, NodeReading } from '../../fleet/registry.ts';
import type { PoolMemory } from '../../functions/level-triggered/memory.ts';
import { type PoolPlan, planPool } from '../../functions/level-triggered/plan.ts';
import type { PoolRules, PoolWorld, RecommendationReading } from '../../functions/level-triggered/world.ts';
import { ago, fleetOf, fresh, NOW, statusOf } from './support/fleet.ts';

const RULES: PoolRules = {
  pool: 'media',
  by: 'pruner',
  minServing: 1,
  maxDrains: 2,
  coolDownMs: 60_000,
  warmUpMs: 120_000,
  lowForMs: 300_000,
  warnAfterMs: 3_600_000,
};
const LOW_FOR_LONG = { since: ago(600), seenAt: ago(60) };

function decisionAbout(node: string, changed: Partial<Decision> = {}): Decision {
  return {
    v: 1,
    id: `d-${node}`,
    node,
    machine: `id-${node}`,
    pool: 'media',
    at: ago(600),
    by: 'pruner',
    cause: 'scale-in',
    intent: 'leave',
    reason: 'x',
    ...changed,
  };
}

interface Given {
  place?: Place;
  reading?: NodeReading;
  decision?: Decision | 'unreadable';
  protected?: boolean;
  mark?: string;
  machine?: string;
}

const said = (node: string) => ({ ...decisionAbout(node), deadline: undefined });
/** Freshly empty, for the decision about it. */
const emptied = (node: string, phase: 'empty' | 'leaving' = 'empty'): NodeReading =>
  fresh(node, { phase, machine: `id-${node}`, decision: said(node) });

const saidAgo = (reading: NodeReading, ageMs: number): NodeReading =>
  reading.kind === 'fresh' ? { ...reading, ageMs } : reading;

interface Changed extends Partial<Omit<PoolWorld, 'machines' | 'memory'>> {
  machines?: PoolWorld['machines'];
  memory?: Partial<PoolMemory> | PoolWorld['memory'];
}

const recommends = (size: number, minimum = 1) =>
  ({ kind: 'known', size, minimum }) as const satisfies RecommendationReading;

function worldOf(nodes: Record<string, Given>, changed: Changed = {}): PoolWorld {
  const entries = Object.entries(nodes);
  const machines = entries.map(
    ([node, given]): PoolMachine => ({
      node,
      machine: given.machine ?? `id-${node}`,
      zone: 'a',
      place: given.place ?? 'in-group',
      state: 'RUNNING',
      protected: given.protected ?? false,
      mark: given.mark,
    }),
  );
  const decisions = entries.flatMap(([node, { decision }]): [string, DecisionReading][] => {
    if (decision === undefined) return [];
    if (decision === 'unreadable') return [[node, { kind: 'unknown', reason: 'not JSON' }]];
    return [[node, { kind: 'decided', decision }]];
  });
  const { memory = { low: LOW_FOR_LONG }, ...rest } = changed;
  return {
    machines: { kind: 'known', machines },
    recommendation: recommends(1),
    fleet: fleetOf(Object.fromEntries(entries.map(([node, { reading }]) => [node, reading ?? fresh(node)]))),
    decisions: { decisions: new Map(decisions), complete: true },
    now: NOW,
    ...rest,
    memory:
      'kind' in memory
        ? memory
        : { kind: 'found', memory: { v: 1, claims: [], outside: [], ...memory } satisfies PoolMemory },
  };
}

let ids = 0;
const plan = (world: PoolWorld, rules: Partial<PoolRules> = {}) =>
  planPool(world, { ...RULES, ...rules }, () => `new-${++ids}`);
const nodesOf = (steps: readonly { machine: PoolMachine }[]) => steps.map(({ machine }) => machine.node);
const decided = (world: PoolWorld, rules: Partial<PoolRules> = {}) => nodesOf(plan(world, rules).decide);
const found = (given: PoolPlan) =>
  given.findings.map(({ name, node }) => (node === undefined ? name : `${name} ${node}`));

const silent = (node: string, people: number): NodeReading => ({
  kind: 'stale',
  ageMs: 90_000,
  last: statusOf(node, { machine: `id-${node}`, work: { rooms: 1, people } }),
});
const busy = (node: string, rooms: number) => fresh(node, { work: { rooms, people: rooms * 2 } });
const THREE = { a: { reading: busy('a', 3) }, b: { reading: busy('b', 1) }, c: { reading: busy('c', 2) } };

describe('planning a pool, level by level', () => {
  describe('how many may go', () => {
    const rows: [string, Record<string, Given>, Changed, Partial<PoolRules>, string[]][] = [
      ['what is beyond the recommendation', THREE, { recommendation: recommends(2) }, {}, ['b']],
      ['no more than the drains at once', THREE, { recommendation: recommends(1) }, { maxDrains: 1 }, ['b']],
      ['nobody at the recommendation', THREE, { recommendation: recommends(3) }, {}, []],
      ['nobody below it', THREE, { recommendation: recommends(5) }, {}, []],
      ["not below the autoscaler's minimum", THREE, { recommendation: recommends(1, 3) }, {}, []],
      ['not below our own minimum', THREE, { recommendation: recommends(1) }, { minServing: 3 }, []],
      [
        'what is beyond it, though the pool cannot grow at present',
        THREE,
        { recommendation: { ...recommends(2), cannotGrow: 'stockout' } },
        {},
        ['b'],
      ],
      ['nobody for a recommendation of 0', THREE, { recommendation: recommends(0) }, {}, []],
      [
        'nobody where none is known',
        THREE,
        { recommendation: { kind: 'unknown', reason: 'ERROR', trouble: 'unfit' } },
        {},
        [],
      ],
      [
        'a machine that is being made does not serve',
        { ...THREE, a: { place: 'unsettled', reading: busy('a', 3) } },
        { recommendation: recommends(2) },
        {},
        [],
      ],
      [
        'a machine that is out of the group does not serve',
        { ...THREE, a: { place: 'outside', reading: busy('a', 3), decision: decisionAbout('a') } },
        { recommendation: recommends(2) },
        {},
        [],
      ],
      [
        'a machine that is on its way out does not serve',
        { ...THREE, a: { place: 'leaving-group', reading: busy('a', 3), decision: decisionAbout('a') } },
        { recommendation: recommends(2) },
        {},
        [],
      ],
      [
        'a machine of which nothing is known does not serve',
        { ...THREE, a: { reading: { kind: 'missing' } } },
        { recommendation: recommends(2) },
        {},
        [],
      ],
      [
        'a decided one does not serve',
        { ...THREE, a: { reading: busy('a', 3), decision: decisionAbout('a') } },
        { recommendation: recommends(2) },
        {},
        [],
      ],
      [
        'a protected one serves, and is not chosen',
        { ...THREE, b: { reading: busy('b', 1), protected: true } },
        { recommendation: recommends(2) },
        {},
        ['c'],
      ],
      [
        'what was decided about an earlier machine of its name is nothing',
        { ...THREE, b: { reading: busy('b', 1), decision: decisionAbout('b', { machine: 'older' }) } },
        { recommendation: recommends(2) },
        {},
        ['b'],
      ],
      [
        'the words of an earlier machine of its name are none of its own',
        { ...THREE, b: { reading: fresh('b', { machine: 'older' }) } },
        { recommendation: recommends(1) },
        {},
        ['c'],
      ],
      [
        'a decision that cannot be read holds a drain, and its machine is not chosen',
        { ...THREE, b: { reading: busy('b', 1), decision: 'unreadable' } },
        { recommendation: recommends(1) },
        { maxDrains: 1 },
        [],
      ],
      [
        'nobody beside one that drains, and is off for a moment',
        { ...THREE, d: { place: 'paused', reading: { kind: 'missing' }, decision: decisionAbout('d') } },
        {},
        { maxDrains: 1 },
        [],
      ],
      [
        'the next once one has been off for minutes',
        { ...THREE, d: { place: 'stopped', reading: { kind: 'missing' }, decision: decisionAbout('d') } },
        {},
        { maxDrains: 1 },
        ['b'],
      ],
      [
        'nobody while it cools down',
        THREE,
        { memory: { low: LOW_FOR_LONG, lastDecisionAt: ago(59) } },
        {},
        [],
      ],
      [
        'nobody soon after a decision that the memory has lost',
        { ...THREE, d: { place: 'outside', decision: decisionAbout('d', { at: ago(10) }) } },
        { recommendation: recommends(1) },
        {},
        [],
      ],
      [
        'nobody while the memory cannot be read',
        THREE,
        { memory: { kind: 'unknown', reason: '503' } },
        {},
        [],
      ],
      ['nobody while the memory makes no sense', THREE, { memory: { kind: 'corrupt', reason: 'x' } }, {}, []],
      [
        'nobody while the registry was not read to its end',
        THREE,
        {
          fleet: fleetOf({ a: busy('a', 3), b: busy('b', 1), c: busy('c', 2) }, '503'),
        },
        {},
        [],
      ],
      [
        'nobody while the decisions were not read to their end',
        THREE,
        { decisions: { decisions: new Map(), complete: false, problem: '503' } },
        {},
        [],
      ],
      [
        'nobody where the machines are not known',
        THREE,
        { machines: { kind: 'unknown', reason: 'x' } },
        {},
        [],
      ],
    ];
    for (const [then, nodes, changed, rules, expected] of rows) {
      it(then, () => assert.deepEqual(decided(worldOf(nodes, changed), rules), expected));
    }
  });

  describe('too many must last', () => {
    const rows: [string, PoolMemory['low'] | undefined, string[], PoolMemory['low'] | undefined][] = [
      ['seen for the first time', undefined, [], { since: ago(0), seenAt: ago(0) }],
      ['not long enough', { since: ago(299), seenAt: ago(60) }, [], { since: ago(299), seenAt: ago(0) }],
      ['long enough', { since: ago(300), seenAt: ago(60) }, ['b'], { since: ago(300), seenAt: ago(0) }],
      [
        'long ago, and not looked at since: a schedule that was silent',
        { since: ago(4000), seenAt: ago(3600) },
        [],
        { since: ago(0), seenAt: ago(0) },
      ],
      [
        'by a clock that was set back',
        { since: ago(-50), seenAt: ago(-10) },
        [],
        { since: ago(0), seenAt: ago(0) },
      ],
    ];
    for (const [given, low, expected, after] of rows) {
      it(given, () => {
        const { decide, memory } = plan(worldOf(THREE, { recommendation: recommends(2), memory: { low } }));
        assert.deepEqual(nodesOf(decide), expected);
        assert.deepEqual(memory?.low, after);
      });
    }

    it('one dip ends with it', () => {
      const { memory } = plan(worldOf(THREE, { recommendation: recommends(3) }));
      assert.ok(memory !== undefined && memory.low === undefined);
    });

    it('an unknown moment neither ends nor prolongs it', () => {
      const recommendation: RecommendationReading = { kind: 'unknown', reason: 'x', trouble: 'unread' };
      assert.equal(plan(worldOf(THREE, { recommendation })).memory, undefined);
    });
  });

  describe('what an earlier run left half-done', () => {
    it('decided and in its group still: is taken out, whatever is recommended now', () => {
      for (const recommendation of [
        recommends(9),
        { kind: 'unknown', reason: 'x', trouble: 'unread' } as const,
      ]) {
        for (const place of ['in-group', 'unsettled'] as const) {
          const world = worldOf({ a: { place, decision: decisionAbout('a') } }, { recommendation });
          assert.deepEqual(nodesOf(plan(world).takeOut), ['a']);
        }
      }
    });

    it('on its way out, or being ended: is not taken out again', () => {
      for (const place of ['leaving-group', 'outside', 'stopped', 'ending'] as const) {
        assert.deepEqual(plan(worldOf({ a: { place, decision: decisionAbout('a') } })).takeOut, []);
      }
    });

    it('taken out and not marked: is marked', () => {
      const rows: [Given, string[]][] = [
        [{ place: 'outside', decision: decisionAbout('a') }, ['a']],
        [{ place: 'leaving-group', decision: decisionAbout('a') }, ['a']],
        [{ place: 'outside', decision: decisionAbout('a'), mark: 'd-a' }, []],
        [{ place: 'outside', decision: decisionAbout('a', { id: 'D-A' }), mark: 'd-a' }, []],
        [{ place: 'in-group', decision: decisionAbout('a') }, []],
        [{ place: 'outside' }, []],
      ];
      for (const [given, expected] of rows)
        assert.deepEqual(nodesOf(plan(worldOf({ a: given })).mark), expected);
    });

    it('claimed and not decided: the same with the same id, though it cools down', () => {
      const claims = [{ node: 'a', machine: 'id-a', id: 'claimed', at: ago(20) }];
      const memory = { low: LOW_FOR_LONG, lastDecisionAt: ago(20), claims };
      const { decide } = plan(worldOf(THREE, { recommendation: recommends(2), memory }));
      assert.deepEqual(
        decide.map(({ decision }) => [decision.node, decision.id, decision.at]),
        [['a', 'claimed', ago(20)]],
      );
    });

    it('a claim is over once it is decided, its machine is gone, or its run is long dead', () => {
      const claim = { node: 'a', machine: 'id-a', id: 'claimed', at: ago(20) };
      const rows: [Record<string, Given>, PoolMemory['claims'], number][] = [
        [THREE, [claim], 1],
        [{ ...THREE, a: { decision: decisionAbout('a') } }, [claim], 0],
        [{ b: {} }, [claim], 0],
        [{ a: { machine: 'another' } }, [claim], 0],
        [THREE, [{ ...claim, at: ago(300) }], 0],
      ];
      for (const [nodes, claims, left] of rows) {
        const world = worldOf(nodes, { recommendation: recommends(9), memory: { claims } });
        const { memory, drainsUnderWay } = plan(world);
        assert.equal(memory === undefined ? claims.length : memory.claims.length, left);
        if (left > 0) assert.equal(drainsUnderWay, 1);
      }
    });
  });

  describe('a machine that is out of its group without a decision', () => {
    const since = (seconds: number) => ({ outside: [{ node: 'a', machine: 'id-a', since: ago(seconds) }] });
    const rows: [string, Given, Partial<PoolMemory>, string[]][] = [
      ['is left at first sight: the lists may be of two moments', {}, {}, []],
      ['and while it is not long', {}, since(60), []],
      ['is taken for a wish once it has lasted', {}, since(90), ['a']],
      ['another of its name has not lasted', { machine: 'another' }, since(90), []],
      ['stays where it is protected', { protected: true }, since(90), []],
      ['stays where it says so itself', { reading: fresh('a', { protected: true }) }, since(90), []],
      ['stays where its decision cannot be read', { decision: 'unreadable' }, since(90), []],
      ['stays where it is stopped', { place: 'stopped' }, since(90), []],
      ['goes at once where it carries the mark', { mark: 'lost' }, {}, ['a']],
      [
        'not where the mark is of a decision about an earlier machine',
        { mark: 'd-a', decision: decisionAbout('a', { machine: 'older' }) },
        {},
        [],
      ],
    ];
    for (const [then, given, memory, expected] of rows) {
      it(then, () => {
        const world = worldOf({ a: { place: 'outside', ...given } }, { memory });
        assert.deepEqual(decided(world), expected);
      });
    }

    it('counts as kept, for an alarm, where no run will ever end it', () => {
      const rows: [Given, number][] = [
        [{ place: 'outside', protected: true }, 1],
        [{ place: 'outside' }, 0],
        [{ place: 'stopped' }, 1],
        [{ place: 'stopped', protected: true, decision: decisionAbout('a') }, 1],
        [{ place: 'stopped', decision: decisionAbout('a') }, 0],
        [{ place: 'in-group', protected: true }, 0],
      ];
      for (const [given, kept] of rows) assert.equal(plan(worldOf({ a: given })).counts.retained, kept);
    });

    it('keeps the id of a decision that was lost', () => {
      const ofMark = plan(worldOf({ a: { place: 'outside', mark: 'lost' } }));
      assert.equal(ofMark.decide[0]?.decision.id, 'lost');
      const ofNode = plan(worldOf({ a: { place: 'outside', reading: emptied('a') } }));
      assert.equal(ofNode.decide[0]?.decision.id, 'd-a');
    });

    it('is not given the id of a decision about an earlier machine, whose mark it got', () => {
      const given: Given = {
        place: 'outside',
        mark: 'd-a',
        decision: decisionAbout('a', { machine: 'older' }),
      };
      const { decision } = plan(worldOf({ a: given }, { memory: since(90) })).decide[0] ?? assert.fail();
      assert.notEqual(decision.id, 'd-a');
      assert.deepEqual([decision.cause, decision.machine], ['operator', 'id-a']);
    });

    it('is claimed before it is decided, so that two runs give it one id', () => {
      const { memory } = plan(worldOf({ a: { place: 'outside' } }, { memory: since(90) }));
      assert.deepEqual(
        memory?.claims.map(({ machine }) => machine),
        ['id-a'],
      );
      const again = plan(worldOf({ a: { place: 'outside' } }, { memory: memory ?? {} }));
      assert.equal(again.decide[0]?.decision.id, memory?.claims[0]?.id);
    });

    it('is adopted by a cause of its own: a person', () => {
      const { decide } = plan(worldOf({ a: { place: 'outside' } }, { memory: since(90) }));
      const { by, cause, intent, machine } = decide[0]?.decision ?? decisionAbout('none');
      assert.deepEqual([by, cause, intent, machine], ['pruner', 'operator', 'leave', 'id-a']);
    });
  });

  describe('deletes', () => {
    const good: Given = { place: 'outside', reading: emptied('a'), decision: decisionAbout('a') };
    const status = (changed: Parameters<typeof fresh>[1]): Given => ({
      ...good,
      reading: fresh('a', { phase: 'empty', machine: 'id-a', decision: said('a'), ...changed }),
    });
    const rows: [string, Given, boolean][] = [
      ['what is decided, outside, and freshly empty', good, true],
      ['what is leaving, and says so', { ...good, reading: emptied('a', 'leaving') }, true],
      [
        'not for a word that may be of before a boot',
        { ...good, reading: saidAgo(emptied('a'), 12_001) },
        false,
      ],
      [
        'what is decided, and has been stopped',
        { ...good, place: 'stopped', reading: { kind: 'missing' } },
        true,
      ],
      ['not what was stopped without a decision', { place: 'stopped' }, false],
      ['not what may have been stopped just now', { ...good, place: 'stopped-unknown-since' }, false],
      ['not in its group', { ...good, place: 'in-group' }, false],
      ['not on its way out of it', { ...good, place: 'leaving-group' }, false],
      ['not what the group is doing something with', { ...good, place: 'unsettled' }, false],
      ['not what is being ended', { ...good, place: 'ending' }, false],
      ['not what may start again', { ...good, place: 'paused' }, false],
      ['not without a decision', { place: 'outside', reading: emptied('a') }, false],
      [
        'not by a decision about an earlier machine',
        { ...good, decision: decisionAbout('a', { machine: 'older' }) },
        false,
      ],
      [
        'not by a decision that names no machine',
        { ...good, decision: { ...decisionAbout('a'), machine: undefined } },
        false,
      ],
      [
        'not by a decision to maintain it',
        { ...good, decision: decisionAbout('a', { intent: 'maintenance' }) },
        false,
      ],
      ['not by a decision that cannot be read', { ...good, decision: 'unreadable' }, false],
      ['not empty by another decision', status({ decision: { ...said('a'), id: 'other' } }), false],
      ['not empty by none', status({ decision: undefined }), false],
      ['not by the words of an earlier machine', status({ machine: 'older' }), false],
      ['not by words that do not say which machine', status({ machine: undefined }), false],
      ['not draining', status({ phase: 'draining' }), false],
      ['not serving', status({ phase: 'serving' }), false],
      ['not with a room on it', status({ work: { rooms: 1 } }), false],
      ['not with a recording on it', status({ work: { egress: 1 } }), false],
      ['not with unknown work', status({ work: null }), false],
      ['not protected', { ...good, protected: true }, false],
      ['not protected by its own words', status({ protected: true }), false],
      [
        'not stale',
        { ...good, reading: { kind: 'stale', ageMs: 61_000, last: statusOf('a', { phase: 'empty' }) } },
        false,
      ],
      ['not silent', { ...good, reading: { kind: 'missing' } }, false],
      ['not unreadable', { ...good, reading: { kind: 'unreadable', reason: 'x' } }, false],
    ];
    for (const [then, given, expected] of rows) {
      it(then, () => {
        const { remove } = plan(worldOf({ a: given }));
        assert.deepEqual(nodesOf(remove), expected ? ['a'] : []);
      });
    }

    it('what is empty, though nothing else is known', () => {
      const changed: Changed = {
        recommendation: { kind: 'unknown', reason: 'x', trouble: 'unread' },
        memory: { kind: 'unknown', reason: 'x' },
      };
      assert.deepEqual(nodesOf(plan(worldOf({ a: good }, changed)).remove), ['a']);
    });
  });

  describe('tells', () => {
    const rows: [string, Record<string, Given>, Changed, string[]][] = [
      ['of a healthy pool nothing', THREE, {}, []],
      [
        'of too many of whom nobody may go',
        {
          a: { reading: fresh('a', { protected: true }) },
          b: { reading: fresh('b', { bootedAt: ago(60) }) },
        },
        {},
        ['scale-in-refused'],
      ],
      [
        'of too many of whom nobody may go while somebody goes already nothing',
        {
          a: { reading: fresh('a', { protected: true }) },
          b: { reading: fresh('b', { protected: true }) },
          c: { place: 'outside', decision: decisionAbout('c'), reading: emptied('c') },
        },
        {},
        [],
      ],
      [
        'of too many of whom somebody may go later nothing',
        THREE,
        { memory: { low: LOW_FOR_LONG, lastDecisionAt: ago(30) } },
        [],
      ],
      ['of enough nothing', { a: { reading: fresh('a', { protected: true }) } }, {}, []],
      ['of a node that is silent', { a: { reading: { kind: 'missing' } } }, {}, ['unknown a']],
      [
        'of a silent one outside',
        { a: { place: 'outside', decision: decisionAbout('a'), reading: { kind: 'stale', ageMs: 90_000 } } },
        {},
        ['stale a'],
      ],
      [
        'of a machine that is being made nothing',
        { a: { place: 'unsettled', reading: { kind: 'missing' } } },
        {},
        [],
      ],
      [
        'of a drain that is overdue',
        {
          a: {
            place: 'outside',
            decision: decisionAbout('a'),
            reading: fresh('a', { phase: 'draining', since: ago(3601), decision: said('a') }),
          },
        },
        {},
        ['overdue a'],
      ],
      ...(['in-group', 'outside'] as const).map(
        (place): [string, Record<string, Given>, Changed, string[]] => [
          `of one that was decided, serves on, and says nothing of that (${place})`,
          { a: { place, decision: { ...decisionAbout('a'), at: ago(121) }, reading: fresh('a') } },
          {},
          ['unheard a'],
        ],
      ),
      [
        'of one that was decided just now nothing',
        { a: { place: 'outside', decision: { ...decisionAbout('a'), at: ago(120) }, reading: fresh('a') } },
        {},
        [],
      ],
      ['of a decision that makes no sense', { a: { decision: 'unreadable' } }, {}, ['decision-unknown a']],
      [
        'of one that is kept outside',
        { a: { place: 'outside', protected: true } },
        {},
        ['outside-protected a'],
      ],
      [
        'of people who were on a machine that is off',
        { a: { place: 'stopped', decision: decisionAbout('a'), reading: silent('a', 4) } },
        {},
        ['calls-lost a'],
      ],
      [
        'of people who were on the machine that had this name before',
        { a: { reading: fresh('a', { machine: 'older', work: { rooms: 1, people: 2 } }) } },
        {},
        ['unknown a', 'calls-lost a'],
      ],
      [
        'of people on a machine that is there and silent only that it is silent',
        { a: { reading: silent('a', 4) } },
        {},
        ['stale a'],
      ],
      ['of one that was stopped', { a: { place: 'stopped' } }, {}, ['outside-stopped a']],
      [
        'of one that was stopped, nobody knows when, though it was decided',
        { a: { place: 'stopped-unknown-since', decision: decisionAbout('a') } },
        {},
        ['outside-stopped a'],
      ],
      [
        'of a pool that cannot grow',
        THREE,
        { recommendation: { ...recommends(3), cannotGrow: 'x' } },
        ['cannot-grow'],
      ],
      [
        'of one that was emptied for an end that did not come',
        { a: { reading: fresh('a', { phase: 'empty', since: ago(600) }) } },
        {},
        ['empty-kept a'],
      ],
      [
        'of one that was emptied just now nothing',
        { a: { reading: fresh('a', { phase: 'empty', since: ago(599) }) } },
        {},
        [],
      ],
      [
        'of one that a person has emptied nothing',
        {
          a: {
            reading: fresh('a', {
              phase: 'empty',
              since: ago(9000),
              decision: { ...said('a'), intent: 'maintenance' },
            }),
          },
        },
        {},
        [],
      ],
      [
        'of one that was decided nothing: it is taken out',
        {
          a: {
            reading: fresh('a', { phase: 'empty', since: ago(9000), decision: said('a') }),
            decision: decisionAbout('a'),
          },
        },
        {},
        [],
      ],
      [
        'of what it could not read',
        THREE,
        { machines: { kind: 'unknown', reason: 'x' } },
        ['machines-unknown'],
      ],
      [
        'of decisions that were not read, once',
        THREE,
        { decisions: { decisions: new Map(), complete: false, problem: '503' } },
        ['decisions-unknown'],
      ],
      ['of its memory', THREE, { memory: { kind: 'corrupt', reason: 'x' } }, ['memory-corrupt']],
    ];
    for (const [what, nodes, changed, expected] of rows) {
      it(what, () => assert.deepEqual(found(plan(worldOf(nodes, changed))), expected));
    }

    const troubles = [
      ['unread', 'recommendation-unknown', 'error'],
      ['unfit', 'recommendation-unknown', 'warn'],
      ['cuts', 'scaling-cuts-calls', 'error'],
    ] as const;
    for (const [trouble, name, level] of troubles) {
      it(`a recommendation that is not known (${trouble}): ${name}, ${level}`, () => {
        const world = worldOf(THREE, { recommendation: { kind: 'unknown', reason: 'x', trouble } });
        assert.deepEqual(
          plan(world).findings.map((each) => [each.name, each.level]),
          [[name, level]],
        );
      });
    }
  });

  it('a drain that has been silent for an hour holds up no others', () => {
    const silent = (ageMs: number): Given => ({
      place: 'outside',
      decision: decisionAbout('d', { at: ago(9000) }),
      reading: { kind: 'stale', ageMs },
    });
    const changed = { recommendation: recommends(1) };
    assert.deepEqual(decided(worldOf({ ...THREE, d: silent(3_600_000) }, changed), { maxDrains: 1 }), []);
    assert.deepEqual(decided(worldOf({ ...THREE, d: silent(3_600_001) }, changed), { maxDrains: 1 }), ['b']);
  });

  describe('never, whatever the world', () => {
    const anyReading = fc.constantFrom<(node: string) => NodeReading>(
      (node) => fresh(node),
      (node) => busy(node, 2),
      (node) => fresh(node, { phase: 'draining', machine: `id-${node}`, decision: said(node) }),
      (node) => emptied(node),
      (node) => emptied(node, 'leaving'),
      (node) => fresh(node, { phase: 'empty', machine: `id-${node}` }),
      (node) => fresh(node, { work: null, unknown: 'x' }),
      (node) => fresh(node, { machine: 'older' }),
      () => ({ kind: 'stale', ageMs: 90_000 }),
      () => ({ kind: 'missing' }),
      () => ({ kind: 'unreadable', reason: 'x' }),
    );
    const anyGiven = fc.record({
      place: fc.constantFrom<Place>(
        'in-group',
        'in-group',
        'unsettled',
        'leaving-group',
        'outside',
        'paused',
        'stopped',
        'stopped-unknown-since',
        'ending',
      ),
      reading: anyReading,
      decision: fc.constantFrom('none', 'none', 'its own', 'an earlier', 'unreadable'),
      protected: fc.boolean(),
    });
    const anyWorld = fc.record({
      given: fc.array(anyGiven, { maxLength: 8 }),
      size: fc.nat(4),
      known: fc.boolean(),
      complete: fc.boolean(),
      maxDrains: fc.integer({ min: 1, max: 3 }),
    });
    type AnyWorld = typeof anyWorld extends fc.Arbitrary<infer World> ? World : never;

    function made({ given, size, known, complete }: AnyWorld): PoolWorld {
      const nodes = given.map(({ place, reading, decision, ...rest }, index): [string, Given] => {
        const node = `n${index}`;
        const about =
          decision === 'none'
            ? {}
            : decision === 'unreadable'
              ? { decision: 'unreadable' as const }
              : { decision: decisionAbout(node, decision === 'its own' ? {} : { machine: 'older' }) };
        return [node, { place, reading: reading(node), ...rest, ...about }];
      });
      const world = worldOf(Object.fromEntries(nodes), {
        recommendation: known ? recommends(size) : { kind: 'unknown', reason: 'x', trouble: 'unread' },
      });
      return complete ? world : { ...world, fleet: { ...world.fleet, complete: false, problem: '503' } };
    }

    it('more drains than allowed, a victim that is not known to serve, or fewer than are wanted', () => {
      fc.assert(
        fc.property(anyWorld, (any) => {
          const world = made(any);
          const { decide, drainsUnderWay } = plan(world, { maxDrains: any.maxDrains });
          const victims = decide.filter(({ machine }) => machine.place === 'in-group');
          assert.ok(victims.length <= Math.max(0, any.maxDrains - drainsUnderWay));
          if (!any.known || any.size === 0 || !any.complete) assert.deepEqual(victims, []);
          const serving = any.given.filter((each, index) => {
            const reading = each.reading(`n${index}`);
            const own = each.decision === 'none' || each.decision === 'an earlier';
            return (
              each.place === 'in-group' &&
              own &&
              reading.kind === 'fresh' &&
              reading.status.phase === 'serving' &&
              reading.status.machine !== 'older'
            );
          });
          if (victims.length > 0) assert.ok(serving.length - victims.length >= any.size);
          for (const { machine } of victims) {
            const reading = world.fleet.nodes.get(machine.node);
            assert.ok(reading?.kind === 'fresh' && reading.status.phase === 'serving');
            assert.ok(reading.status.work !== null && !machine.protected);
          }
        }),
      );
    });

    it('deletes a machine that is not decided, not outside, protected, or not freshly empty by that decision', () => {
      fc.assert(
        fc.property(anyWorld, (any) => {
          const world = made(any);
          for (const { machine } of plan(world).remove) {
            const given = any.given[Number(machine.node.slice(1))];
            assert.equal(given?.decision, 'its own');
            assert.equal(machine.protected, false);
            if (machine.place === 'stopped') continue;
            assert.equal(machine.place, 'outside');
            const reading = world.fleet.nodes.get(machine.node);
            assert.ok(reading?.kind === 'fresh');
            assert.equal(reading.status.machine, machine.machine);
            assert.equal(reading.status.decision?.id, `d-${machine.node}`);
            assert.ok(['empty', 'leaving'].includes(reading.status.phase));
          }
        }),
      );
    });

    it('takes out or marks what is not decided', () => {
      fc.assert(
        fc.property(anyWorld, (any) => {
          const { takeOut, mark } = plan(made(any));
          for (const { machine } of [...takeOut, ...mark])
            assert.equal(any.given[Number(machine.node.slice(1))]?.decision, 'its own');
        }),
      );
    });
  });
});
