import type { GroupMachine } from '../../../fleet/aws/auto-scaling-group.ts';
import type { NodeReading } from '../../../fleet/registry.ts';
import type { NodeStatus } from '../../../fleet/status.ts';

/** A machine of the group, and what the registry says of it. */
export interface WatchedMachine extends GroupMachine {
  reading: NodeReading;
}

export const RETAINED = 'Terminating:Retained';

/** A machine that is being made has no agent yet, and one on its way out has none any more. */
export function isExpectedToSpeak(lifecycleState: string): boolean {
  return (
    lifecycleState === 'InService' || lifecycleState === 'Terminating:Wait' || lifecycleState === RETAINED
  );
}

/** How long a node has been draining; undefined where it is not. */
export function drainAgeMs(status: NodeStatus, now: number): number | undefined {
  return status.phase === 'draining' ? now - Date.parse(status.since) : undefined;
}
