import type { CommonPlan } from '../plan.ts';

/** How a world on Azure is made. All durations in ms. */
export interface AzurePlan extends CommonPlan {
  /** How many machines there are at first. */
  size: number;
  /** How many of them the load needs at first. */
  needed: number;
  zones: number;
  coolDownMs: number;
  /** How long there must be too many before one goes. */
  lowForMs: number;
  /** How long before its end a machine is told; undefined: not at all. */
  terminateNoticeMs: number | undefined;
  /** How often the alert fires while the load is low, and how often the runbook is woken in any case. */
  wakes?: { alertMs: number; scheduleMs: number };
}
