import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Place } from '../../fleet/pool-machine.ts';
import type { DecisionReading, NodeReading } from '../../fleet/registry.ts';
import { PHASES } from '../../fleet/status.ts';
import { growthOf } from '../../functions/level-triggered/growth.ts';
import {
  recommendationByLoad,
  type SizeRules,
  wantedSize,
} from '../../functions/level-triggered/load-needed.ts';
import {
  type Birth,
  neverCameUp,
  openBirths,
  unseenBirths,
} from '../../functions/level-triggered/newborns.ts';
import { type AgedMachine, type Standing, standingOf } from '../../functions/level-triggered/standing.ts';
import { ago, fleetOf, fresh, NOW, statusOf } from './support/fleet.ts';

const BOOT_MS = 900_000;
const HOUR_MS = 3_600_000;
const RULES: SizeRules = { min: 1, max: 10, targetCpu: 0.5, bootTimeoutMs: BOOT_MS };

interface Given {
  reading?: NodeReading;
  ageMs?: number;
  place?: Place;
  decided?: DecisionReading;
  protected?: boolean;
}

const leaves: DecisionReading = {
  kind: 'decided',
  decision: {
    v: 1,
    id: 'd',
    node: 'n',
    pool: 'media',
    at: ago(60),
    by: 'orchestrator',
    cause: 'scale-in',
    intent: 'leave',
    reason: 'x',
  },
};

function machine(given: Given = {}, node = 'n'): AgedMachine {
  return {
    node,
    machine: `id-${node}`,
    zone: 'fra1',
    place: 'in-group',
    state: 'active',
    protected: false,
    reading: fresh(node, { cpu: 0.5 }),
    decided: { kind: 'none' },
    ageMs: HOUR_MS,
    ...given,
  };
}
const serving = (cpu: number | null): Given => ({ reading: fresh('n', { cpu }) });
const silent = (ageMs: number): Given => ({ reading: { kind: 'stale', ageMs } });
const missing = (ageMs: number): Given => ({ reading: { kind: 'missing' }, ageMs });
const unreadable: Given = { reading: { kind: 'unreadable', reason: 'x' } };
const inPhase = (phase: (typeof PHASES)[number], cpu: number | null = 0.5): Given => ({
  reading: fresh('n', { phase, cpu }),
});
const machines = (given: readonly Given[]) => given.map((each, index) => machine(each, `n${index}`));

describe('what a machine is to the size of its pool', () => {
  const rows: [string, Given, Standing][] = [
    ['one that serves', serving(0.5), 'serving'],
    ['one that boots', { ...inPhase('booting'), ageMs: BOOT_MS - 1 }, 'coming'],
    ['one that boots for too long', { ...inPhase('booting'), ageMs: BOOT_MS }, 'aside'],
    ['one that is warm', { ...inPhase('warm'), ageMs: 0 }, 'coming'],
    ['a young one that has said nothing', missing(BOOT_MS - 1), 'coming'],
    ['one that is due', missing(BOOT_MS), 'unknown'],
    ['one of which no age is known', missing(Number.NaN), 'unknown'],
    ['a silent one', silent(61_000), 'unknown'],
    ['one that cannot be read', unreadable, 'unknown'],
    ['one that is cordoned', inPhase('cordoned'), 'aside'],
    ['one that drains', inPhase('draining'), 'gone'],
    ['an empty one', inPhase('empty'), 'gone'],
    ['one that leaves', inPhase('leaving'), 'gone'],
    ['one that is decided, and serves still', { ...serving(0.5), decided: leaves }, 'gone'],
    [
      'one of which it is not known whether it is decided',
      { decided: { kind: 'unknown', reason: 'x' } },
      'serving',
    ],
    ['one that is out', { place: 'outside' }, 'gone'],
    ['one that is off', { place: 'stopped' }, 'gone'],
    ['one that is being made', { ...missing(0), place: 'unsettled' }, 'coming'],
  ];
  for (const [given, what, expected] of rows)
    it(given, () => assert.equal(standingOf(machine(what), BOOT_MS), expected));
});

describe('how many nodes the load needs', () => {
  const rows: [string, Given[], Partial<SizeRules>, number, number][] = [
    ['nobody at all', [], {}, 1, 1],
    ['one at its target: enough for it, not to go below two', [serving(0.5)], {}, 1, 2],
    ['a little above it', [serving(0.51)], {}, 2, 2],
    ['just what rounding adds', [serving(0.1), serving(0.2), serving(0.2)], {}, 1, 2],
    ['three idle ones', [serving(0), serving(0), serving(0)], {}, 1, 1],
    ['no load known of one that serves: it is full', [serving(null)], {}, 2, 3],
    ['a silent one is full', [serving(0.1), silent(61_000)], {}, 3, 3],
    ['one that cannot be read is full', [serving(0.1), unreadable], {}, 3, 3],
    ['silent for an hour: a person was called', [serving(0.1), silent(HOUR_MS)], {}, 1, 1],
    ['one that comes brings no load', [serving(0.4), missing(0)], {}, 1, 1],
    [
      'a drain is no reason to grow, and one not to shrink',
      [serving(0.4), inPhase('draining', 0.9)],
      {},
      1,
      4,
    ],
    ['nor one that is decided and silent', [serving(0.4), { ...silent(61_000), decided: leaves }], {}, 1, 4],
    ['what has drained is over', [serving(0.4), inPhase('empty', 0.9)], {}, 1, 1],
    ['what is off is over', [serving(0.4), { ...silent(61_000), place: 'stopped' }], {}, 1, 1],
    ['at least the minimum', [serving(0)], { min: 3 }, 3, 3],
    ['at most the maximum', Array.from({ length: 9 }, () => serving(1)), {}, 10, 10],
    [
      'no target: the minimum is grown to, the maximum shrunk to',
      [serving(1)],
      { targetCpu: undefined },
      1,
      10,
    ],
  ];
  for (const [given, nodes, rules, wanted, enough] of rows) {
    it(given, () => {
      const all = machines(nodes);
      const said = recommendationByLoad(all, { ...RULES, ...rules });
      assert.deepEqual([wantedSize(all, { ...RULES, ...rules }), said.size], [wanted, enough]);
    });
  }

  const anyReading = fc.oneof(
    fc
      .record({
        phase: fc.constantFrom(...PHASES),
        cpu: fc.option(fc.float({ min: 0, max: 1, noNaN: true })),
      })
      .map(
        ({ phase, cpu }): NodeReading => ({ kind: 'fresh', ageMs: 1, status: statusOf('n', { phase, cpu }) }),
      ),
    fc.nat(2 * HOUR_MS).map((ageMs): NodeReading => ({ kind: 'stale', ageMs })),
    fc.constant<NodeReading>({ kind: 'missing' }),
    fc.constant<NodeReading>({ kind: 'unreadable', reason: 'x' }),
  );
  const anyMachines = fc
    .array(
      fc.record({
        reading: anyReading,
        ageMs: fc.nat(2 * HOUR_MS),
        place: fc.constantFrom<Place>('in-group', 'in-group', 'unsettled', 'outside', 'stopped'),
        decided: fc.constantFrom<DecisionReading>({ kind: 'none' }, { kind: 'none' }, leaves),
      }),
      { maxLength: 12 },
    )
    .map(machines);
  const anyRules = fc
    .record({
      min: fc.integer({ min: 1, max: 5 }),
      more: fc.nat(8),
      target: fc.integer({ min: 1, max: 100 }),
    })
    .map(({ min, more, target }) => ({
      min,
      max: min + more,
      targetCpu: target / 100,
      bootTimeoutMs: BOOT_MS,
    }));

  it('whoever falls silent is never a reason to shrink', () => {
    fc.assert(
      fc.property(anyMachines, anyRules, fc.nat(11), (all, rules, index) => {
        const before = recommendationByLoad(all, rules).size;
        const after = all.map((each, at) =>
          at === index ? { ...each, reading: { kind: 'stale', ageMs: 61_000 } as const } : each,
        );
        const isYoung = all[index]?.reading.kind === 'missing';
        if (!isYoung) assert.ok(recommendationByLoad(after, rules).size >= before);
      }),
    );
  });

  it('what is grown to is never more than what is enough', () => {
    fc.assert(
      fc.property(anyMachines, anyRules, (all, rules) => {
        const wanted = wantedSize(all, rules);
        assert.ok(wanted <= recommendationByLoad(all, rules).size);
        assert.ok(wanted >= rules.min && wanted <= rules.max);
      }),
    );
  });

  it('growth: never beyond the maximum but for the minimum, nor beyond the account; never where enough are coming', () => {
    const account = fc.oneof(
      fc.integer({ min: -3, max: 12 }).map((room) => ({ kind: 'known', room }) as const),
      fc.constant({ kind: 'unknown', reason: 'x' } as const),
    );
    fc.assert(
      fc.property(anyMachines, anyRules, fc.nat(4), account, (all, rules, unseen, room) => {
        const wanted = wantedSize(all, rules);
        const { count, short } = growthOf({ machines: all, unseen, wanted, ...rules, account: room });
        assert.ok(count >= 0 && short >= 0);
        if (room.kind === 'known') assert.ok(count <= Math.max(0, room.room));
        const standings = all.map((each) => standingOf(each, BOOT_MS));
        const places = standings.filter((each) => each !== 'gone').length + unseen;
        const help = standings.filter((each) => each === 'serving' || each === 'coming').length + unseen;
        if (count > 0) assert.ok(places + count <= rules.max + (help < rules.min ? rules.min : 0));
        assert.ok(help + count <= Math.max(help, wanted));
        if (room.kind === 'unknown' && help < rules.min && places < rules.max) assert.ok(count > 0);
      }),
    );
  });
});

describe('how many machines are made', () => {
  const known = (room: number) => ({ kind: 'known', room }) as const;
  const rows: [
    string,
    Given[],
    { unseen?: number; wanted?: number; min?: number; room?: number },
    number,
    number,
  ][] = [
    ['what is lacking', [serving(0.9)], { wanted: 3 }, 2, 0],
    ['not what is coming', [serving(0.9), missing(0)], { wanted: 3 }, 1, 0],
    ['not what was asked for', [serving(0.9)], { wanted: 3, unseen: 2 }, 0, 0],
    [
      'not in place of silent ones beyond the maximum',
      [serving(1), silent(1), silent(1), silent(1)],
      { wanted: 4 },
      0,
      0,
    ],
    [
      'the minimum anew where all are silent',
      [silent(1), silent(1), silent(1), silent(1)],
      { wanted: 4, min: 2 },
      2,
      0,
    ],
    [
      'and that once',
      [silent(1), silent(1), silent(1), silent(1), missing(0), missing(0)],
      { wanted: 4, min: 2 },
      0,
      0,
    ],
    [
      'and no more where those have fallen silent too',
      Array.from({ length: 6 }, () => silent(1)),
      { wanted: 4, min: 2 },
      0,
      0,
    ],
    [
      'beside drains, which hold no place',
      [serving(1), inPhase('draining'), inPhase('draining')],
      { wanted: 4 },
      3,
      0,
    ],
    [
      'beside one that is cordoned, which does',
      [serving(1), inPhase('cordoned'), inPhase('cordoned')],
      { wanted: 4 },
      1,
      0,
    ],
    ['no more than the account has room for', [serving(1)], { wanted: 4, room: 1 }, 1, 2],
    ['nobody where the account is over its limit', [serving(1)], { wanted: 4, room: -1 }, 0, 3],
  ];
  for (const [given, nodes, { unseen = 0, wanted = 1, min = 1, room = 99 }, count, short] of rows) {
    it(given, () => {
      const growth = growthOf({
        machines: machines(nodes),
        unseen,
        wanted,
        min,
        max: 4,
        bootTimeoutMs: BOOT_MS,
        account: known(room),
      });
      assert.deepEqual(growth, { count, short });
    });
  }
});

describe('a machine that never came up', () => {
  const births: Birth[] = [{ node: 'n', at: ago(1_000) }];
  const late = missing(BOOT_MS);
  const rows: [string, Given, Birth[], Record<string, NodeReading>, boolean, boolean][] = [
    ['long due, and never heard of', late, births, {}, true, true],
    ['not due yet', missing(BOOT_MS - 1), births, {}, true, false],
    ['of which no age is known', missing(Number.NaN), births, {}, true, false],
    ['that is protected', { ...late, protected: true }, births, {}, true, false],
    ['whose birth is not remembered', late, [], {}, true, false],
    ['that has spoken', late, births, { n: fresh('n') }, true, false],
    ['that has spoken long ago', late, births, { n: { kind: 'stale', ageMs: HOUR_MS } }, true, false],
    ['whose words cannot be read', late, births, { n: { kind: 'unreadable', reason: 'x' } }, true, false],
    ['whose words may be where the registry was not read', late, births, {}, false, false],
  ];
  for (const [given, what, remembered, nodes, complete, expected] of rows) {
    it(`${given}: ${expected ? 'is one' : 'is none'}`, () => {
      const fleet = fleetOf(nodes, complete ? undefined : '503');
      assert.equal(neverCameUp(machine(what), remembered, fleet, BOOT_MS), expected);
    });
  }

  it('is waited for, looked for, and forgotten', () => {
    const at = (seconds: number) => [{ node: 'n', at: ago(seconds) }];
    const open = (all: Birth[], there: boolean, heard = false) =>
      openBirths(all, there ? [{ node: 'n' }] : [], fleetOf(heard ? { n: fresh('n') } : {}), NOW).length;
    assert.deepEqual(
      [119, 120, -119].map((age) => unseenBirths(at(age), [], NOW).length),
      [1, 0, 1],
    );
    assert.equal(unseenBirths(at(1), [{ node: 'n' }], NOW).length, 0);
    assert.deepEqual(
      [599, 600].map((age) => open(at(age), false)),
      [1, 0],
    );
    assert.deepEqual([open(at(9_000), true), open(at(9_000), true, true)], [1, 0]);
  });
});
