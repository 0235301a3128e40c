import type { Decision } from '../../../fleet/decision.ts';

/** As the cloud's own function writes it. */
export function decisionBy(by: Decision['by'], { node, machine }: { node: string; machine: string }): string {
  const decision: Decision = {
    v: 1,
    id: `1-${node.slice(-4)}`,
    node,
    machine,
    pool: 'media',
    at: new Date().toISOString(),
    by,
    cause: 'scale-in',
    intent: 'leave',
    reason: 'empty; 3 serve, 2 are enough',
  };
  return JSON.stringify(decision);
}
