import { EMPTY_WORD_MS } from '../../fleet/registry.ts';
import { isEmptyWork } from '../../fleet/status.ts';
import type { SeenMachine } from './world.ts';

/**
 * Why a machine may be ended now; undefined where it may not. It was decided that this very machine leaves, it is out of
 * its group, nobody protects it, and it says so itself: within the last seconds, for that decision, that it is empty. A
 * machine that has been stopped says nothing any more, and nothing runs on it.
 */
export function whyRemove({
  place,
  machine,
  decided,
  reading,
  protected: isProtected,
}: SeenMachine): string | undefined {
  if (decided.kind !== 'decided' || isProtected) return undefined;
  if (place === 'stopped') return `stopped, after it was decided that it leaves (${decided.decision.id})`;
  if (place !== 'outside' || reading.kind !== 'fresh' || reading.ageMs > EMPTY_WORD_MS) return undefined;
  // Where statuses are signed, anybody else may have written what is not.
  if (reading.signature !== undefined && reading.signature !== 'right') return undefined;
  const { status } = reading;
  if (status.machine !== machine || status.decision?.id !== decided.decision.id) return undefined;
  if (status.phase !== 'empty' && status.phase !== 'leaving') return undefined;
  if (status.work === null || !isEmptyWork(status.work) || status.protected) return undefined;
  return `empty since ${status.since} (${decided.decision.id})`;
}

/** Out of its group, and no run will ever end it: a person said so, or nobody decided that it goes before it was stopped. */
export function isLeftToPeople(seen: SeenMachine): boolean {
  if (seen.place === 'stopped-unknown-since') return true;
  if (seen.place === 'stopped') return whyRemove(seen) === undefined;
  return seen.place === 'outside' && seen.protected;
}
