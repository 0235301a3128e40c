import type { DurableState } from '../core/state.ts';

/**
 * Somebody takes this machine away, and goes by what it says: media must never begin here again. Not so for an
 * interruption that this node noticed by itself: a machine that outlives it is wanted again.
 */
export function leavesForGood({ decision }: Pick<DurableState, 'decision'>): boolean {
  if (decision?.intent !== 'leave') return false;
  return decision.by !== 'spot-interruption' && decision.by !== 'host-maintenance';
}
