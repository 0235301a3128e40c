import type { CommonPlan } from '../plan.ts';

/** How a world on GCP is made. All durations in ms. */
export interface GcpPlan extends CommonPlan {
  /** How many machines there are at first. */
  size: number;
  min: number;
  max: number;
  zones: number;
  coolDownMs: number;
  /** How long there must be too many before one goes. */
  lowForMs: number;
}
