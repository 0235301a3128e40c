import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { PoolMemory } from '../../functions/level-triggered/memory.ts';
import type { PoolRules, RecommendationReading } from '../../functions/level-triggered/world.ts';
import { ago, fleetOf, fresh } from './support/fleet.ts';
import {
  busy,
  type Changed,
  decided,
  decisionAbout,
  type Given,
  LOW_FOR_LONG,
  nodesOf,
  plan,
  recommends,
  THREE,
  worldOf,
} from './support/planned-pool.ts';

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
});
