import { bounded, type Finding } from '../watch/finding.ts';
import type { PoolPlan } from './plan.ts';

/** What a run has planned, as it tells it to whoever woke it, and to the log. */
export interface PlanAnswer {
  /** Serving nodes beyond those that are wanted, and how many those are; absent where that is not known. */
  excess?: number;
  floor?: number;
  held?: string;
  drainsUnderWay: number;
  /** Why each was decided or removed. */
  reasons: Record<string, string>;
  passedOver: { node: string; reason: string }[];
  findings: Finding[];
}

const PASSED_OVER_TOLD = 20;

/** The same with what it has done, by nodes; all that failed is in one list. */
export type PoolAnswer<Done> = Done & PlanAnswer & { failures: string[] };

export function told<Done extends { failures: string[] }>(plan: PoolPlan, done: Done): PoolAnswer<Done> {
  const { allowance, held, findings } = plan;
  const troubles = findings.filter(({ level }) => level === 'error').map(({ text }) => text);
  return {
    ...done,
    ...(allowance.kind === 'known' ? { excess: allowance.excess, floor: allowance.floor } : {}),
    ...(held === undefined ? {} : { held }),
    drainsUnderWay: plan.drainsUnderWay,
    reasons: Object.fromEntries([
      ...plan.decide.map(({ machine, decision }) => [machine.node, decision.reason]),
      ...plan.remove.map(({ machine, reason }) => [machine.node, reason]),
    ]),
    passedOver: plan.passedOver.slice(0, PASSED_OVER_TOLD),
    findings: bounded(findings),
    failures: [...troubles, ...done.failures],
  };
}
