import type { PoolMemory } from './memory.ts';
import type { RecommendationReading } from './world.ts';

/** How many may go, and how many must remain. Nobody may, where it is not known how many are wanted. */
export type Allowance =
  | { kind: 'known'; excess: number; floor: number }
  | { kind: 'unknown'; reason: string };

/**
 * Never below what the cloud recommends, nor below its minimum or ours: its scaling would only start another.
 * `serving`: only those of which it is known.
 */
export function allowanceOf(
  serving: number,
  recommendation: RecommendationReading,
  minServing: number,
): Allowance {
  if (recommendation.kind === 'unknown') return recommendation;
  if (!(recommendation.size > 0)) return { kind: 'unknown', reason: 'no size is recommended' };
  const floor = Math.max(recommendation.size, recommendation.minimum, minServing);
  return { kind: 'known', excess: Math.max(0, serving - floor), floor };
}

/** Runs that are further apart than this have not seen what was between them. */
const LONGEST_GAP_MS = 180_000;

type Low = NonNullable<PoolMemory['low']>;

/** Since when there have been too many without a break; undefined where there are not. What was not looked at is a break. */
export function lowSince(
  before: PoolMemory['low'],
  allowance: Allowance,
  now: number,
): PoolMemory['low'] | 'unchanged' {
  // Not known for a moment is neither too many nor enough: the gap that is allowed bridges it, or does not.
  if (allowance.kind === 'unknown') return 'unchanged';
  if (allowance.excess === 0) return undefined;
  const seenAt = new Date(now).toISOString();
  const unbroken = before !== undefined && isUnbroken(before, now);
  return { since: unbroken ? before.since : seenAt, seenAt };
}

function isUnbroken({ since, seenAt }: Low, now: number): boolean {
  const sinceSeenMs = now - Date.parse(seenAt);
  return sinceSeenMs >= 0 && sinceSeenMs <= LONGEST_GAP_MS && Date.parse(since) <= now;
}

/** For how long there have been too many. */
export function lowForMs(low: PoolMemory['low'] | 'unchanged', now: number): number {
  return low === undefined || low === 'unchanged' ? 0 : now - Date.parse(low.since);
}
