import type { CommonPlan } from '../plan.ts';

/** How a world on AWS is made. All durations in ms. */
export interface AwsPlan extends CommonPlan {
  desired: number;
  min: number;
  max: number;
  zones: number;
  coolDownMs: number;
  hookTimeoutMs: number;
  heartbeatMs: number;
  onRebalance: 'report' | 'drain';
}
