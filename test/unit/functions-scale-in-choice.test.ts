import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import {
  type Candidate,
  type Choice,
  type ChoosingRules,
  chooseVictims,
  type Demand,
} from '../../fleet/choose-victims.ts';
import { hasPython } from '../../lab/azure/automation/python.ts';
import { arbitraryReading, readChoiceCases } from '../support/choice-cases.ts';
import { callRunbook } from '../support/runbook.ts';
import { NOW } from './support/fleet.ts';

interface World {
  candidates: Candidate[];
  asked: number;
  rules: ChoosingRules;
}

/** The runbook asks for one or more, of nodes that nobody has decided on: not by zone or market, and never of the unknown. */
function canRunbookAsk({ demands, rules }: { demands: Demand[]; rules: ChoosingRules }): boolean {
  const anywhere = demands.every(({ zone, market }) => zone === undefined && market === undefined);
  const some = demands.some(({ count }) => count > 0);
  return anywhere && some && rules.unknown === 'only-known' && rules.alreadyChosen.size === 0;
}

const choiceSchema = v.array(
  v.tuple([
    v.array(v.tuple([v.object({ node: v.string() }), v.string()])),
    v.array(v.object({ node: v.string(), reason: v.string() })),
  ]),
);

function inPython(worlds: World[]): Choice[] {
  const outcomes = callRunbook(
    worlds.map(({ candidates, asked, rules }) => ['choose_victims', [candidates, asked, rules, NOW]]),
  );
  return v
    .parse(
      choiceSchema,
      outcomes.map(({ value }) => value),
    )
    .map(([victims, passedOver]) => ({
      victims: victims.map(([{ node }, reason]) => ({ node, reason })),
      passedOver,
    }));
}

/** What both languages give; the runbook has no further use for the bound. */
function ownChoice(candidates: World['candidates'], asked: number, rules: World['rules']): Choice {
  const { bound: _, ...choice } = chooseVictims(candidates, [{ count: asked }], rules, NOW);
  return choice;
}

function assertSame(worlds: World[]): Choice[] {
  const choices = inPython(worlds);
  for (const [index, { candidates, asked, rules }] of worlds.entries()) {
    assert.deepEqual(choices[index], ownChoice(candidates, asked, rules));
  }
  return choices;
}

const arbitraryWorld: fc.Arbitrary<World> = fc
  .record({
    readings: fc.array(fc.tuple(arbitraryReading, fc.constantFrom('1', '2')), { maxLength: 12 }),
    asked: fc.integer({ min: 1, max: 6 }),
    minServing: fc.nat(4),
    maxDrains: fc.integer({ min: 1, max: 5 }),
    drainsUnderWay: fc.nat(5),
    coolDownMs: fc.constantFrom(0, 60_000),
    warmUpMs: fc.constantFrom(0, 120_000, 100_500),
    sinceLast: fc.option(fc.nat(120_000), { nil: undefined }),
    currentTemplate: fc.constantFrom(undefined, 'lt-2'),
  })
  .map(({ readings, asked, sinceLast, ...rules }) => ({
    candidates: readings.map(([read, zone], index) => {
      const node = `ebbtide-media_${index}`;
      return { node, zone, reading: read(node) };
    }),
    asked,
    rules: {
      ...rules,
      unknown: 'only-known' as const,
      lastDecisionAt: sinceLast === undefined ? undefined : NOW - sinceLast,
      alreadyChosen: new Set<string>(),
    },
  }));

/** Worlds in which nothing but the nodes themselves keeps a second one from being chosen: drawn so, of others hardly any does. */
const worldWithRoom: fc.Arbitrary<World> = arbitraryWorld
  .filter(({ candidates, asked }) => candidates.length > 6 && asked > 1)
  .map((world) => ({
    ...world,
    rules: { ...world.rules, minServing: 0, maxDrains: 5, drainsUnderWay: 0, coolDownMs: 0, warmUpMs: 0 },
  }));

describe('the choice of the Azure runbook', () => {
  before(function () {
    if (!hasPython()) this.skip();
  });

  it('fulfils the same cases', () => {
    const cases = readChoiceCases().filter(canRunbookAsk);
    assert.ok(cases.length > 15, `only ${cases.length} cases are asked`);
    const choices = assertSame(
      cases.map(({ candidates, demands, rules }) => ({
        candidates,
        asked: demands.reduce((sum, demand) => sum + demand.count, 0),
        rules,
      })),
    );
    for (const [index, { it: what, victims }] of cases.entries()) {
      assert.deepEqual(
        choices[index]?.victims.map(({ node }) => node),
        victims,
        what,
      );
    }
  });

  it('is the same in a thousand worlds, word for word', () => {
    // All in one process, and so without shrinking: a process for each world would take minutes.
    const seed = Date.now();
    const any = fc.oneof({ weight: 3, arbitrary: arbitraryWorld }, { weight: 1, arbitrary: worldWithRoom });
    const worlds = fc.sample(any, { numRuns: 1_000, seed });
    const choices = inPython(worlds);
    for (const [index, { candidates, asked, rules }] of worlds.entries()) {
      const own = ownChoice(candidates, asked, rules);
      assert.deepEqual(choices[index], own, `seed ${seed}, world ${index}: ${JSON.stringify(worlds[index])}`);
    }
    assert.ok(choices.some(({ victims }) => victims.length > 1));
  });
});
