import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Place } from '../../fleet/pool-machine.ts';
import type { DecisionReading, NodeReading } from '../../fleet/registry.ts';
import { PHASES } from '../../fleet/status.ts';
import { growthOf } from '../../functions/level-triggered/growth.ts';
import {
  type GrowthRules,
  recommendationByLoad,
  wantedSize,
} from '../../functions/level-triggered/load-needed.ts';
import {
  type AnnouncedReading,
  type Birth,
  neverCameUp,
  openBirths,
  unseenBirths,
} from '../../functions/level-triggered/newborns.ts';
import { type AgedMachine, type Standing, standingOf } from '../../functions/level-triggered/standing.ts';
import { ago, fleetOf, fresh, NOW, statusOf } from './support/fleet.ts';

const BOOT_MS = 900_000;
const HOUR_MS = 3_600_000;
const RULES: GrowthRules = { min: 1, max: 10, targetCpu: 0.5, bootTimeoutMs: BOOT_MS, warmUpMs: 120_000 };

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
const beginning = (cpu: number, forSeconds: number): Given => ({
  reading: fresh('n', { cpu, since: ago(forSeconds), at: ago(0) }),
});
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
  const rows: [string, Given[], Partial<GrowthRules>, number, number][] = [
    ['nobody at all', [], {}, 1, 1],
    ['one at its target: enough for it, not to go below two', [serving(0.5)], {}, 1, 2],
    ['a little above it', [serving(0.51)], {}, 2, 2],
    ['just what rounding adds', [serving(0.1), serving(0.2), serving(0.2)], {}, 1, 2],
    ['three idle ones', [serving(0), serving(0), serving(0)], {}, 1, 1],
    ['no load known of one that serves: at its target, and may be full', [serving(null)], {}, 1, 3],
    ['a silent one may be full, and is no reason to grow', [serving(0.1), silent(61_000)], {}, 1, 3],
    ['nor one that cannot be read', [serving(0.1), unreadable], {}, 1, 3],
    [
      'all silent: no reason to grow, nor to shrink',
      Array.from({ length: 9 }, () => silent(61_000)),
      {},
      1,
      10,
    ],
    ['one that has just begun to serve: as full as it should be at most', [beginning(0.9, 119)], {}, 1, 3],
    ['and less where it is', [beginning(0.1, 119), beginning(0.1, 0)], {}, 1, 1],
    ['one that has begun some time ago', [beginning(0.9, 120)], {}, 2, 3],
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
      warmUpMs: 120_000,
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

  it('growth: never beyond the maximum, nor beyond what is paid for, nor beyond the account; never where enough are coming', () => {
    const account = fc.oneof(
      fc.integer({ min: -3, max: 12 }).map((room) => ({ kind: 'known', room }) as const),
      fc.constant({ kind: 'unknown', reason: 'x' } as const),
    );
    fc.assert(
      fc.property(
        anyMachines,
        anyRules,
        fc.nat(4),
        fc.nat(3),
        account,
        (all, rules, unseen, maxDrains, room) => {
          const wanted = wantedSize(all, rules);
          const given = { machines: all, unseen, wanted, ...rules, maxDrains, account: room };
          const { count, short, crowded } = growthOf(given);
          assert.ok(count >= 0 && short >= 0 && crowded >= 0);
          if (count > 0) assert.ok(all.length + unseen + count <= rules.max + maxDrains);
          if (room.kind === 'known') assert.ok(count <= Math.max(0, room.room));
          const standings = all.map((each) => standingOf(each, BOOT_MS));
          const places = standings.filter((each) => each !== 'gone').length + unseen;
          const help = standings.filter((each) => each === 'serving' || each === 'coming').length + unseen;
          if (count > 0) assert.ok(places + count <= rules.max);
          assert.ok(help + count <= Math.max(help, wanted));
          const heard = all.some(({ reading }) => reading.kind === 'unreadable');
          if (room.kind === 'unknown' && !heard && help < rules.min && places < rules.max)
            assert.ok(count + crowded > 0);
        },
      ),
    );
  });
});

describe('how many machines are made', () => {
  const known = (room: number) => ({ kind: 'known', room }) as const;
  const many = (count: number, what: Given) => Array.from({ length: count }, () => what);
  const off: Given = { ...silent(61_000), place: 'stopped' };
  const rows: [
    string,
    Given[],
    { unseen?: number; wanted?: number; min?: number; room?: number },
    number,
    { short?: number; crowded?: number }?,
  ][] = [
    ['what is lacking', [serving(0.9)], { wanted: 3 }, 2],
    ['not what is coming', [serving(0.9), missing(0)], { wanted: 3 }, 1],
    ['not what was asked for', [serving(0.9)], { wanted: 3, unseen: 2 }, 0],
    ['the minimum where others are silent', [silent(1)], { wanted: 2, min: 2 }, 2],
    ['not in place of silent ones beyond the maximum', [serving(1), ...many(3, silent(1))], { wanted: 4 }, 0],
    ['nobody where all are silent at the maximum', many(4, silent(1)), { wanted: 2, min: 2 }, 0],
    ['no minimum for those whose words could not be read', many(2, unreadable), { wanted: 2, min: 2 }, 0],
    ['what is lacking beside them', [unreadable], { wanted: 2, min: 2 }, 1],
    ['what the known load needs, whoever cannot be read', [serving(1), unreadable], { wanted: 2 }, 1],
    ['beside drains, which hold no place', [serving(1), ...many(2, inPhase('draining'))], { wanted: 4 }, 3],
    [
      'beside more drains than are allowed: within the bill',
      [serving(1), ...many(4, inPhase('draining'))],
      { wanted: 4 },
      1,
      { crowded: 2 },
    ],
    [
      'beside what is off, which is paid for',
      [serving(1), ...many(3, off)],
      { wanted: 4 },
      2,
      { crowded: 1 },
    ],
    ['and what was asked for is', many(4, off), { wanted: 4, unseen: 1 }, 1, { crowded: 2 }],
    [
      'beside one that is cordoned, which holds one',
      [serving(1), ...many(2, inPhase('cordoned'))],
      { wanted: 4 },
      1,
    ],
    ['no more than the account has room for', [serving(1)], { wanted: 4, room: 1 }, 1, { short: 2 }],
    ['nobody where the account is over its limit', [serving(1)], { wanted: 4, room: -1 }, 0, { short: 3 }],
  ];
  for (const [given, nodes, { unseen = 0, wanted = 1, min = 1, room = 99 }, count, told = {}] of rows) {
    it(given, () => {
      const growth = growthOf({
        machines: machines(nodes),
        unseen,
        wanted,
        min,
        max: 4,
        maxDrains: 2,
        bootTimeoutMs: BOOT_MS,
        account: known(room),
      });
      assert.deepEqual(growth, { count, short: 0, crowded: 0, ...told });
    });
  }
});

describe('a machine that never came up', () => {
  const births: Birth[] = [{ node: 'n', at: ago(1_000) }];
  const late = missing(BOOT_MS);
  const nobody: AnnouncedReading = { kind: 'known', nodes: new Set() };
  const itself: AnnouncedReading = { kind: 'known', nodes: new Set(['n']) };
  const unknown: AnnouncedReading = { kind: 'unknown', reason: '503' };
  const old: NodeReading = { kind: 'stale', ageMs: HOUR_MS };
  const rows: [
    string,
    Given,
    boolean,
    { births?: Birth[]; word?: NodeReading; announced?: AnnouncedReading }?,
  ][] = [
    ['long due, and never heard of', late, true],
    ['not due yet', missing(BOOT_MS - 1), false],
    ['of which no age is known', missing(Number.NaN), false],
    ['that is protected', { ...late, protected: true }, false],
    ['whose birth is not remembered', late, false, { births: [] }],
    ['that has spoken', late, false, { word: fresh('n') }],
    ['that has spoken long ago', late, false, { word: old }],
    ['whose words cannot be read', late, false, { word: { kind: 'unreadable', reason: 'x' } }],
    [
      'that has announced itself, and whose words others may have taken away',
      late,
      false,
      { announced: itself },
    ],
    ['of which it is not known whether it has', late, false, { announced: unknown }],
  ];
  for (const [
    given,
    what,
    expected,
    { births: remembered = births, word, announced = nobody } = {},
  ] of rows) {
    it(`${given}: ${expected ? 'is one' : 'is none'}`, () => {
      const fleet = fleetOf(word === undefined ? {} : { n: word });
      assert.equal(neverCameUp(machine(what), remembered, { fleet, announced }, BOOT_MS), expected);
    });
  }

  it('whose words may be where the registry was not read: is none', () => {
    const world = { fleet: fleetOf({}, '503'), announced: nobody };
    assert.equal(neverCameUp(machine(late), births, world, BOOT_MS), false);
  });

  it('is waited for, looked for, and forgotten', () => {
    const at = (seconds: number) => [{ node: 'n', at: ago(seconds) }];
    const open = (all: Birth[], there: boolean, heard = false, announced: AnnouncedReading = nobody) => {
      const fleet = fleetOf(heard ? { n: fresh('n') } : {});
      return openBirths(all, there ? [{ node: 'n' }] : [], { fleet, announced, now: NOW }).length;
    };
    assert.deepEqual(
      [119, 120, -119].map((age) => unseenBirths(at(age), [], NOW).length),
      [1, 0, 1],
    );
    assert.equal(unseenBirths(at(1), [{ node: 'n' }], NOW).length, 0);
    assert.deepEqual(
      [599, 600].map((age) => open(at(age), false)),
      [1, 0],
    );
    const spoken = [open(at(9_000), true, true), open(at(9_000), true, false, itself)];
    assert.deepEqual([open(at(9_000), true), open(at(9_000), true, false, unknown), ...spoken], [1, 1, 0, 0]);
  });
});
