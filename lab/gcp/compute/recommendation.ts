import type { AutoscalerModel } from '../model.ts';

/** One moment of a group, by the cloud's clock. `load`: the CPU of all machines that count, one busy machine being 1. */
export interface Sample {
  at: number;
  load: number;
}

/** A recommendation is the most that was needed within this time, so that a dip does not shrink a group. */
export const STABILIZATION_MS = 600_000;

/** Pure: how large the group should be. `present`: its size now, which is all that is known before any sample. */
export function recommend(
  { min, max, target }: Pick<AutoscalerModel, 'min' | 'max' | 'target'>,
  samples: readonly Sample[],
  present: number,
  now: number,
): number {
  const seen = samples
    .filter(({ at }) => at > now - STABILIZATION_MS)
    .map(({ load }) => needed(load, target));
  return Math.min(max, Math.max(min, seen.length === 0 ? present : Math.max(...seen)));
}

/** Rounded up, but not for what only the arithmetic of floating point adds. */
function needed(load: number, target: number): number {
  return Math.ceil(load / target - 1e-9);
}
