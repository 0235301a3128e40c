import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  type Candidate,
  type ChoosingRules,
  chooseVictims,
  type Demand,
} from '../../fleet/choose-victims.ts';
import { arbitraryReading, readChoiceCases } from '../support/choice-cases.ts';
import { NOW } from './support/fleet.ts';

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

describe('choosing victims', () => {
  for (const { it: what, candidates, demands, rules, victims, reasons } of readChoiceCases()) {
    it(what, () => {
      const choice = chooseVictims(candidates, demands, rules, NOW);
      assert.deepEqual(
        choice.victims.map(({ node }) => node),
        victims,
      );
      const said = new Map(
        [...choice.victims, ...choice.passedOver].map(({ node, reason }) => [node, reason]),
      );
      for (const [node, reason] of Object.entries(reasons)) assert.match(said.get(node) ?? '', reason);
    });
  }

  describe('always', () => {
    const place = fc.record({
      zone: fc.constantFrom('a', 'b'),
      market: fc.constantFrom('spot', 'on-demand', undefined),
    });
    const candidates = fc
      .array(fc.tuple(arbitraryReading, place), { maxLength: 12 })
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
