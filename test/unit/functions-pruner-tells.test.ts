import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ago, fresh } from './support/fleet.ts';
import {
  type Changed,
  decisionAbout,
  emptied,
  found,
  type Given,
  LOW_FOR_LONG,
  plan,
  recommends,
  said,
  silent,
  THREE,
  worldOf,
} from './support/planned-pool.ts';

describe('what a run of a pool tells, level by level', () => {
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
        'of a new one nothing until its boot script has given up',
        {
          a: { ageMs: 599_999, reading: { kind: 'missing' } },
          b: { ageMs: 600_000, reading: { kind: 'missing' } },
          c: { ageMs: 1, reading: fresh('c', { machine: 'older' }) },
          d: { ageMs: Number.NaN, reading: { kind: 'missing' } },
        },
        {},
        ['unknown b', 'unknown d'],
      ],
      [
        'of a new one that has spoken, and does no more',
        { a: { ageMs: 90_000, reading: { kind: 'stale', ageMs: 70_000 } } },
        {},
        ['stale a'],
      ],
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

    it('counts a new machine among those of which nothing is known only once it should speak', () => {
      const unknown = (ageMs: number) =>
        plan(worldOf({ a: { ageMs, reading: { kind: 'missing' } } })).counts.unknown;
      assert.deepEqual([unknown(599_999), unknown(600_000)], [0, 1]);
    });

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
});
