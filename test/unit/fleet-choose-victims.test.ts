import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  type Candidate,
  type ChoosingRules,
  chooseVictims,
  type Demand,
} from '../../fleet/choose-victims.ts';
import type { NodeReading } from '../../fleet/registry.ts';
import { PHASES } from '../../fleet/status.ts';
import { ago, fresh, NOW } from './support/fleet.ts';

const RULES: ChoosingRules = {
  minServing: 0,
  maxDrains: 10,
  drainsUnderWay: 0,
  coolDownMs: 60_000,
  warmUpMs: 120_000,
  unknown: 'only-known',
  currentTemplate: 'lt-2',
  alreadyChosen: new Set(),
};

function candidate(node: string, reading: NodeReading, place: Partial<Candidate> = {}): Candidate {
  return { node, zone: 'a', reading, ...place };
}
function serving(
  node: string,
  rooms: number,
  people = rooms,
  changed: Parameters<typeof fresh>[1] = {},
): Candidate {
  return candidate(node, fresh(node, { work: { rooms, people }, ...changed }));
}

interface Row {
  it: string;
  candidates: Candidate[];
  demands?: Demand[];
  rules?: Partial<ChoosingRules>;
  victims: string[];
  /** What the reason of a node passed over, or of a victim, says. */
  reasons?: Record<string, RegExp>;
}

const KNOWN_FIRST = { unknown: 'known-first' } as const;

const rows: Row[] = [
  {
    it: 'the emptiest goes first',
    candidates: [serving('i-1', 3), serving('i-2', 0), serving('i-3', 1)],
    victims: ['i-2'],
    reasons: { 'i-2': /^empty$/, 'i-1': /others go first: only 1/ },
  },
  {
    it: 'rooms count before people: some of them only pass through',
    candidates: [serving('i-1', 2, 4), serving('i-2', 1, 90)],
    victims: ['i-2'],
    reasons: { 'i-2': /1 rooms, 90 people/ },
  },
  {
    it: 'a job counts as a room does',
    candidates: [candidate('i-1', fresh('i-1', { work: { egress: 1, agents: 1 } })), serving('i-2', 1)],
    victims: ['i-2'],
  },
  {
    it: 'of equals the fewest people, then the oldest, then the first by name',
    candidates: [
      serving('i-4', 1, 5),
      serving('i-3', 1, 2),
      serving('i-2', 1, 2, { bootedAt: ago(9000) }),
      serving('i-1', 1, 2),
    ],
    demands: [{ count: 3 }],
    victims: ['i-2', 'i-1', 'i-3'],
  },
  {
    it: 'outdated software goes before the emptiest',
    candidates: [serving('i-1', 0), serving('i-2', 5, 5, { software: { agent: '1', template: 'lt-1' } })],
    victims: ['i-2'],
    reasons: { 'i-2': /outdated software/ },
  },
  {
    it: 'nobody goes of whom it is not known what is on them',
    candidates: [
      candidate('i-stale', { kind: 'stale', ageMs: 61_000 }),
      candidate('i-missing', { kind: 'missing' }),
      candidate('i-torn', { kind: 'unreadable', reason: 'not JSON' }),
      candidate('i-dark', fresh('i-dark', { work: null, unknown: 'metrics: timeout' })),
    ],
    demands: [{ count: 4 }],
    victims: [],
    reasons: {
      'i-stale': /last heard of 61 s ago: unknown is never empty/,
      'i-missing': /no status/,
      'i-torn': /not JSON/,
      'i-dark': /metrics: timeout/,
    },
  },
  {
    it: 'fewer go than asked where too few are known',
    candidates: [serving('i-1', 0), candidate('i-2', { kind: 'missing' })],
    demands: [{ count: 2 }],
    victims: ['i-1'],
  },
  ...PHASES.filter((phase) => phase !== 'serving').map((phase) => ({
    it: `a node that is ${phase} is not chosen`,
    candidates: [candidate('i-1', fresh('i-1', { phase }))],
    victims: [],
    reasons: { 'i-1': new RegExp(`not serving: ${phase}`) },
  })),
  {
    it: 'a protected node stays, whatever the cause',
    candidates: [serving('i-1', 0, 0, { protected: true })],
    rules: KNOWN_FIRST,
    victims: [],
    reasons: { 'i-1': /protected by an operator/ },
  },
  {
    it: 'a node that warms up stays',
    candidates: [serving('i-1', 0, 0, { bootedAt: ago(119) }), serving('i-2', 9, 9, { bootedAt: ago(120) })],
    victims: ['i-2'],
    reasons: { 'i-1': /warming up: 119 s of 120 s/ },
  },
  {
    it: 'a clock that runs ahead makes no node old enough',
    candidates: [serving('i-1', 0, 0, { bootedAt: ago(-500) })],
    victims: [],
    reasons: { 'i-1': /warming up: 0 s/ },
  },
  {
    it: 'who must all be replaced go known first, then those that do not serve, then the unknown',
    candidates: [
      candidate('i-1', { kind: 'missing' }),
      candidate('i-2', fresh('i-2', { phase: 'booting' })),
      serving('i-3', 7),
      serving('i-4', 1, 1, { bootedAt: ago(1) }),
      serving('i-5', 9),
    ],
    demands: [{ count: 5 }],
    rules: KNOWN_FIRST,
    victims: ['i-3', 'i-5', 'i-2', 'i-4', 'i-1'],
    reasons: { 'i-1': /no status in the registry, and nobody known is left/, 'i-2': /booting/ },
  },
  {
    it: 'each zone gives what is asked of it',
    candidates: [
      { ...serving('i-1', 0), zone: 'a' },
      { ...serving('i-2', 0), zone: 'a' },
      { ...serving('i-3', 5), zone: 'b' },
      { ...serving('i-4', 0), zone: 'c' },
    ],
    demands: [
      { zone: 'a', count: 1 },
      { zone: 'b', count: 1 },
      { zone: 'c', count: 0 },
    ],
    victims: ['i-1', 'i-3'],
    reasons: { 'i-4': /none is asked for in c/, 'i-2': /only 1 asked for/ },
  },
  {
    it: 'each market gives what is asked of it',
    candidates: [
      { ...serving('i-1', 0), market: 'on-demand' },
      { ...serving('i-2', 5), market: 'spot' },
    ],
    demands: [{ zone: 'a', market: 'spot', count: 2 }],
    victims: ['i-2'],
    reasons: { 'i-1': /none is asked for in a, on-demand/ },
  },
  {
    it: 'a demand that anybody meets leaves those who alone meet another',
    candidates: [
      { ...serving('i-1', 0), zone: 'a' },
      { ...serving('i-2', 5), zone: 'b' },
    ],
    demands: [{ count: 1 }, { zone: 'a', count: 1 }],
    victims: ['i-1', 'i-2'],
  },
  {
    it: 'drains under way count against those allowed',
    candidates: [serving('i-1', 0), serving('i-2', 0), serving('i-3', 0)],
    demands: [{ count: 3 }],
    rules: { maxDrains: 3, drainsUnderWay: 2 },
    victims: ['i-1'],
    reasons: { 'i-2': /3 allowed, 2 under way/ },
  },
  {
    it: 'more drains under way than allowed choose nobody',
    candidates: [serving('i-1', 0)],
    rules: { maxDrains: 1, drainsUnderWay: 4 },
    victims: [],
  },
  {
    it: 'nobody goes while it cools down',
    candidates: [serving('i-1', 0)],
    rules: { lastDecisionAt: NOW - 59_000 },
    victims: [],
    reasons: { 'i-1': /cooling down since the last decision 59 s ago/ },
  },
  {
    it: 'after the cool-down the next goes',
    candidates: [serving('i-1', 0)],
    rules: { lastDecisionAt: NOW - 60_000 },
    victims: ['i-1'],
  },
  {
    it: 'the minimum keeps serving',
    candidates: [serving('i-1', 0), serving('i-2', 0), serving('i-3', 0)],
    demands: [{ count: 3 }],
    rules: { minServing: 2 },
    victims: ['i-1'],
    reasons: { 'i-2': /minimum of 2/ },
  },
  {
    it: 'asked twice, the same node again, though it cools down, drains are used up and it has filled since',
    candidates: [serving('i-1', 0), serving('i-2', 8)],
    rules: { alreadyChosen: new Set(['i-2']), lastDecisionAt: NOW - 1_000, maxDrains: 1, drainsUnderWay: 1 },
    victims: ['i-2'],
  },
  {
    it: 'asked for more than was decided, the decided one does not use up what is allowed besides',
    candidates: [serving('i-1', 0), serving('i-2', 8), serving('i-3', 9)],
    demands: [{ count: 3 }],
    rules: { alreadyChosen: new Set(['i-2']), maxDrains: 2, drainsUnderWay: 1 },
    victims: ['i-2', 'i-1'],
  },
  {
    it: 'a decided node that an operator protects meanwhile stays',
    candidates: [serving('i-1', 0, 0, { protected: true })],
    rules: { alreadyChosen: new Set(['i-1']) },
    victims: [],
  },
];

describe('choosing victims', () => {
  for (const row of rows) {
    it(row.it, () => {
      const choice = chooseVictims(
        row.candidates,
        row.demands ?? [{ count: 1 }],
        { ...RULES, ...row.rules },
        NOW,
      );
      assert.deepEqual(
        choice.victims.map(({ node }) => node),
        row.victims,
      );
      const said = new Map(
        [...choice.victims, ...choice.passedOver].map(({ node, reason }) => [node, reason]),
      );
      for (const [node, reason] of Object.entries(row.reasons ?? {}))
        assert.match(said.get(node) ?? '', reason);
    });
  }

  describe('always', () => {
    const reading: fc.Arbitrary<(node: string) => NodeReading> = fc.oneof(
      { weight: 1, arbitrary: fc.constant(() => ({ kind: 'stale', ageMs: 99_000 }) as const) },
      { weight: 1, arbitrary: fc.constant(() => ({ kind: 'missing' }) as const) },
      { weight: 1, arbitrary: fc.constant(() => ({ kind: 'unreadable', reason: 'x' }) as const) },
      {
        weight: 8,
        arbitrary: fc
          .record({
            rooms: fc.nat(4),
            people: fc.nat(9),
            known: fc.boolean(),
            isProtected: fc.boolean(),
            phase: fc.constantFrom('serving', 'serving', 'serving', ...PHASES),
            age: fc.nat(300),
          })
          .map(
            ({ rooms, people, known, isProtected, phase, age }) =>
              (node: string) =>
                fresh(node, {
                  work: known ? { rooms, people } : null,
                  protected: isProtected,
                  phase,
                  bootedAt: ago(age),
                }),
          ),
      },
    );
    const place = fc.record({
      zone: fc.constantFrom('a', 'b'),
      market: fc.constantFrom('spot', 'on-demand', undefined),
    });
    const candidates = fc
      .array(fc.tuple(reading, place), { maxLength: 12 })
      .map((list) => list.map(([read, where], i) => ({ node: `i-${i}`, reading: read(`i-${i}`), ...where })));
    const demands: fc.Arbitrary<Demand[]> = fc.array(
      fc.record(
        { count: fc.nat(4), zone: fc.constantFrom('a', 'b'), market: fc.constantFrom('spot', 'on-demand') },
        { requiredKeys: ['count'] },
      ),
      { maxLength: 4 },
    );
    const rules: fc.Arbitrary<ChoosingRules> = fc
      .record({
        minServing: fc.nat(3),
        maxDrains: fc.integer({ min: 1, max: 5 }),
        drainsUnderWay: fc.nat(5),
        sinceLast: fc.option(fc.nat(120_000), { nil: undefined }),
        unknown: fc.constantFrom('only-known' as const, 'known-first' as const),
        chosen: fc.uniqueArray(fc.nat(11), { maxLength: 3 }),
      })
      .map(({ sinceLast, chosen, ...rest }) => ({
        ...RULES,
        ...rest,
        lastDecisionAt: sinceLast === undefined ? undefined : NOW - sinceLast,
        alreadyChosen: new Set(chosen.map((index) => `i-${index}`)),
      }));

    function always(
      check: (
        c: Candidate[],
        d: Demand[],
        r: ChoosingRules,
        choice: ReturnType<typeof chooseVictims>,
      ) => void,
    ) {
      fc.assert(
        fc.property(candidates, demands, rules, (c, d, r) => {
          check(c, d, r, chooseVictims(c, d, r, NOW));
        }),
        { numRuns: 300 },
      );
    }

    it('every candidate is accounted for exactly once, with a reason', () => {
      always((c, _d, _r, { victims, passedOver }) => {
        const accounted = [...victims, ...passedOver];
        assert.deepEqual(accounted.map(({ node }) => node).sort(), c.map(({ node }) => node).sort());
        assert.ok(accounted.every(({ reason }) => reason !== ''));
      });
    });

    it('never more than asked, in all and in any place', () => {
      always((c, d, _r, { victims }) => {
        const total = (list: Demand[]) => list.reduce((sum, { count }) => sum + count, 0);
        assert.ok(victims.length <= total(d));
        for (const zone of ['a', 'b']) {
          const there = victims.filter(({ node }) => c.find((one) => one.node === node)?.zone === zone);
          assert.ok(
            there.length <= total(d.filter((demand) => demand.zone === undefined || demand.zone === zone)),
          );
        }
      });
    });

    it('never a protected node, and never an unknown or idle one when only known ones may go', () => {
      always((c, _d, r, { victims }) => {
        for (const { node } of victims) {
          const read = c.find((one) => one.node === node)?.reading;
          if (read?.kind === 'fresh') assert.equal(read.status.protected, false);
          if (r.unknown === 'known-first') continue;
          assert.ok(read?.kind === 'fresh' && read.status.work !== null && read.status.phase === 'serving');
        }
      });
    });

    it('never more new ones than the drains allow, and none while it cools down', () => {
      always((_c, _d, r, { victims }) => {
        const decidedNow = victims.filter(({ node }) => !r.alreadyChosen.has(node)).length;
        assert.ok(decidedNow <= Math.max(0, r.maxDrains - r.drainsUnderWay));
        const cooling = r.lastDecisionAt !== undefined && NOW - r.lastDecisionAt < r.coolDownMs;
        if (cooling) assert.equal(decidedNow, 0);
      });
    });

    it('the same, in whatever order the cloud offers them', () => {
      always((c, d, r, choice) => {
        assert.deepEqual(chooseVictims([...c].reverse(), d, r, NOW).victims, choice.victims);
      });
    });
  });
});
