import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import * as v from 'valibot';
import type { Candidate, ChoosingRules, Demand } from '../../fleet/choose-victims.ts';
import type { NodeReading } from '../../fleet/registry.ts';
import { PHASES } from '../../fleet/status.ts';
import { ago, fresh, NOW } from '../unit/support/fleet.ts';

/** One choice, and what must come of it. */
export interface ChoiceCase {
  it: string;
  candidates: Candidate[];
  demands: Demand[];
  rules: ChoosingRules;
  victims: string[];
  /** What the reason of a node passed over, or of a victim, says. */
  reasons: Record<string, RegExp>;
}

const count = v.optional(v.number(), 0);
const place = { zone: v.exactOptional(v.string()), market: v.exactOptional(v.string()) };
const reading = v.variant('kind', [
  v.object({ kind: v.literal('stale'), ageMs: v.number() }),
  v.object({ kind: v.literal('missing') }),
  v.object({ kind: v.literal('unreadable'), reason: v.string() }),
]);
const candidateSchema = v.strictObject({
  node: v.string(),
  ...place,
  reading: v.optional(reading),
  rooms: count,
  people: v.optional(v.number()),
  egress: count,
  ingress: count,
  agents: count,
  /** Why its work is not known. */
  unknown: v.optional(v.string()),
  phase: v.optional(v.picklist(PHASES), 'serving'),
  protected: v.optional(v.boolean(), false),
  template: v.optional(v.string(), 'lt-2'),
  bootedSecondsAgo: v.optional(v.number(), 3600),
});
const rulesSchema = v.strictObject({
  minServing: v.number(),
  maxDrains: v.number(),
  drainsUnderWay: v.number(),
  coolDownMs: v.number(),
  warmUpMs: v.number(),
  unknown: v.picklist(['only-known', 'known-first']),
  currentTemplate: v.nullable(v.string()),
  alreadyChosen: v.optional(v.array(v.string()), []),
  lastDecisionMsAgo: v.optional(v.number()),
});
const fileSchema = v.strictObject({
  rules: v.record(v.string(), v.unknown()),
  cases: v.array(
    v.strictObject({
      it: v.string(),
      candidates: v.array(candidateSchema),
      demands: v.optional(v.array(v.strictObject({ ...place, count: v.number() })), [{ count: 1 }]),
      /** What differs from the rules above. */
      rules: v.optional(v.record(v.string(), v.unknown()), {}),
      victims: v.array(v.string()),
      reasons: v.optional(v.record(v.string(), v.string()), {}),
    }),
  ),
});

/** The one file of cases that every language in which the choice is written must fulfil. */
export function readChoiceCases(): ChoiceCase[] {
  const text = readFileSync(new URL('../cases/choose-victims.json', import.meta.url), 'utf8');
  const file = v.parse(fileSchema, JSON.parse(text));
  return file.cases.map((each) => {
    const written = v.parse(rulesSchema, { ...file.rules, ...each.rules });
    const { alreadyChosen, lastDecisionMsAgo, ...rules } = written;
    return {
      ...each,
      candidates: each.candidates.map(candidateOf),
      rules: {
        ...rules,
        currentTemplate: rules.currentTemplate ?? undefined,
        alreadyChosen: new Set(alreadyChosen),
        lastDecisionAt: lastDecisionMsAgo === undefined ? undefined : NOW - lastDecisionMsAgo,
      },
      reasons: Object.fromEntries(
        Object.entries(each.reasons).map(([node, text]) => [node, new RegExp(text)]),
      ),
    };
  });
}

function candidateOf(written: v.InferOutput<typeof candidateSchema>): Candidate {
  const { node, zone = 'a', market, rooms, people = rooms, egress, ingress, agents } = written;
  const status = fresh(node, {
    work: written.unknown === undefined ? { rooms, people, egress, ingress, agents } : null,
    ...(written.unknown === undefined ? {} : { unknown: written.unknown }),
    phase: written.phase,
    protected: written.protected,
    software: { agent: '1', template: written.template },
    bootedAt: ago(written.bootedSecondsAgo),
  });
  return { node, zone, ...(market === undefined ? {} : { market }), reading: written.reading ?? status };
}

/** Any reading of a node that the registry could give. */
export const arbitraryReading: fc.Arbitrary<(node: string) => NodeReading> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.nat(200_000).map((ageMs) => () => ({ kind: 'stale', ageMs }) as const),
  },
  { weight: 1, arbitrary: fc.constant(() => ({ kind: 'missing' }) as const) },
  { weight: 1, arbitrary: fc.constant(() => ({ kind: 'unreadable', reason: 'x' }) as const) },
  {
    weight: 8,
    arbitrary: fc
      .record({
        rooms: fc.nat(4),
        people: fc.nat(9),
        jobs: fc.constantFrom(0, 0, 0, 1, 2),
        known: fc.boolean(),
        isProtected: fc.boolean(),
        phase: fc.constantFrom('serving', 'serving', 'serving', ...PHASES),
        template: fc.constantFrom('lt-2', 'lt-2', 'lt-1', undefined),
        age: fc.nat(300),
      })
      .map(
        ({ rooms, people, jobs, known, isProtected, phase, template, age }) =>
          (node: string) =>
            fresh(node, {
              work: known ? { rooms, people, egress: jobs, agents: jobs } : null,
              protected: isProtected,
              phase,
              software: template === undefined ? { agent: '1' } : { agent: '1', template },
              bootedAt: ago(age),
            }),
      ),
  },
);
