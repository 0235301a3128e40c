import * as v from 'valibot';
import type { Decision } from '../../fleet/decision.ts';
import type { PoolMachine } from '../../fleet/pool-machine.ts';
import type { MemoryReading } from '../../fleet/registry.ts';
import type { SeenMachine } from './world.ts';

const when = v.pipe(v.string(), v.isoTimestamp());
const ofMachine = { node: v.string(), machine: v.string() };

/**
 * What runs remember together. It is written before a decision is, over the very memory that the run had read: of two
 * runs at once only one decides. All else is read from the world anew.
 */
export const memorySchema = v.object({
  v: v.literal(1),
  lastDecisionAt: v.optional(when),
  /** Since when there have been too many, and when that was seen last. */
  low: v.optional(v.object({ since: when, seenAt: when })),
  /** Who is to be decided: their decisions may not be written yet. */
  claims: v.array(v.object({ ...ofMachine, id: v.string(), at: when })),
  /** Machines outside of their group of which no decision is known. */
  outside: v.array(v.object({ ...ofMachine, since: when })),
});
export type PoolMemory = v.InferOutput<typeof memorySchema>;
export type Claim = PoolMemory['claims'][number];

/** A decision, and the machine that it is about. */
export interface Decided<Machine> {
  machine: Machine;
  decision: Decision;
}

export const NO_MEMORY: PoolMemory = { v: 1, claims: [], outside: [] };

/** Longer than any run lives: a claim without a decision is of a run that ended between the two. */
const CLAIM_MS = 300_000;

export type Recalled =
  | { kind: 'known'; memory: PoolMemory }
  | { kind: 'corrupt' | 'unknown'; reason: string };

export function recall(reading: MemoryReading): Recalled {
  switch (reading.kind) {
    case 'none':
      return { kind: 'known', memory: NO_MEMORY };
    case 'unknown':
    case 'corrupt':
      return reading;
    case 'found': {
      const parsed = v.safeParse(memorySchema, reading.memory);
      return parsed.success
        ? { kind: 'known', memory: parsed.output }
        : { kind: 'corrupt', reason: v.summarize(parsed.issues) };
    }
  }
}

/** A claim is over when its decision is there, its machine is not, or its run is long dead. */
export function openClaims({ claims }: PoolMemory, machines: readonly SeenMachine[], now: number): Claim[] {
  return claims.filter(({ machine, at }) => {
    const seen = machines.find((each) => each.machine === machine);
    return seen !== undefined && seen.decided.kind !== 'decided' && now - Date.parse(at) < CLAIM_MS;
  });
}

/** Those of new decisions, whom nobody has claimed yet. */
export function newClaims(claims: readonly Claim[], decided: readonly Decided<PoolMachine>[]): Claim[] {
  return decided
    .filter(({ machine: { machine } }) => !claims.some((claim) => claim.machine === machine))
    .map(({ machine: { node, machine }, decision: { id, at } }) => ({ node, machine, id, at }));
}
