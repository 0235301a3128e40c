import type { CommonPlan } from '../plan.ts';

/** How a world on DigitalOcean is made. All durations in ms. */
export interface DigitalOceanPlan extends CommonPlan {
  /** How many droplets are made at first. */
  size: number;
  /** How many of them the load needs at first. */
  needed: number;
  min: number;
  max: number;
  coolDownMs: number;
  /** How long there must be too many before one goes. */
  lowForMs: number;
  /** Within which a droplet has to have said a word. */
  bootTimeoutMs: number;
  /** How many droplets the account may have. */
  accountLimit: number;
  /** How far the clocks of the store and of the API are from the world's. */
  storeOffsetMs: number;
  apiOffsetMs: number;
}
