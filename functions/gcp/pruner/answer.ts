import type { PoolPlan } from '../../level-triggered/plan.ts';
import type { Finding } from '../../watch/finding.ts';
import type { Done } from './steps.ts';

/** What a run tells whoever woke it, and the log. */
export interface PruneAnswer extends Done {
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

export function told(plan: PoolPlan, done: Done): PruneAnswer {
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
    findings,
    failures: [...troubles, ...done.failures],
  };
}
