import type { Draw } from '../draw.ts';
import type { CommonStep } from '../step.ts';
import type { GcpPlan } from './plan.ts';
import type { GcpStep } from './step.ts';

export type Step = CommonStep | GcpStep;
/** `decidedAt`: about when the first machine is decided. */
export type Scene = (draw: Draw, plan: GcpPlan, decidedAt: number) => Step[];

export const SECOND = 1_000;
/** Whoever is decided first. */
export const VICTIM = { decided: 0 };

/** Whoever looks comes at an odd moment. */
export function wakes(draw: Draw, decidedAt: number): Step {
  const at = decidedAt + draw.whole(1, 10) * SECOND;
  return { at, kind: 'woken', forMs: draw.whole(5, 30) * SECOND, everyMs: draw.oneOf([2, 3, 5]) * SECOND };
}

/** Whoever is decided has calls on it. */
export function roomsEverywhere(draw: Draw, { size }: GcpPlan, decidedAt: number): Step[] {
  const at = decidedAt - draw.whole(3, 20) * SECOND;
  return Array.from({ length: size }, (_, node) => ({
    at,
    kind: 'room',
    node,
    people: draw.whole(1, 3),
    forMs: draw.whole(30, 120) * SECOND,
  }));
}
