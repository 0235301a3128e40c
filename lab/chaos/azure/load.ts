import { MIN_SERVING, TARGET_CPU } from './model.ts';
import type { AzurePlan } from './plan.ts';

/** What the machines of a pool have to do, all of them together. */
export interface Load {
  /** From now on it needs so many. */
  need(nodes: number): void;
  /** From 0 to 1, of one of those that share it. */
  shareOf(sharing: number): number;
}

/** Fuller than this part of the target the others must not become by a scale-in. */
const FULL = 0.8;
export const FULL_CPU = TARGET_CPU * FULL;

export function createLoad({ needed }: AzurePlan): Load {
  let total = totalFor(needed);
  return {
    need(nodes) {
      total = totalFor(nodes);
    },
    shareOf: (sharing) => Math.min(1, total / Math.max(1, sharing)),
  };
}

/** In the middle of what so many can carry and one less cannot. */
function totalFor(nodes: number): number {
  return (Math.max(MIN_SERVING, nodes) - 0.5) * FULL_CPU;
}
