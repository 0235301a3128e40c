import { type Draw, SECOND } from '../draw.ts';
import type { CommonStep } from '../step.ts';
import type { GcpPlan } from './plan.ts';
import type { GcpStep } from './step.ts';

export type Step = CommonStep | GcpStep;
/** `decidedAt`: about when the first machine is decided. */
export type Scene = (draw: Draw, plan: GcpPlan, decidedAt: number) => Step[];

/** Whoever looks comes at an odd moment. */
export function wakes(draw: Draw, decidedAt: number): Step {
  const at = decidedAt + draw.whole(1, 10) * SECOND;
  return { at, kind: 'woken', forMs: draw.whole(5, 30) * SECOND, everyMs: draw.oneOf([2, 3, 5]) * SECOND };
}
