import type { Decision } from '../fleet/decision.ts';
import { createDecisionId } from '../fleet/decision-id.ts';

/** By which a node's agent drains it, so that a sweep may take its machine. */
export function decisionToDestroy(
  { node, machine }: { node: string; machine: string },
  pool: string,
  now: number,
): Decision {
  return {
    v: 1,
    id: createDecisionId(now),
    node,
    machine,
    pool,
    at: new Date(now).toISOString(),
    by: 'pulumi destroy',
    cause: 'operator',
    intent: 'leave',
    reason: 'the pool is destroyed',
  };
}
