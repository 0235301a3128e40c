import type { GroupMachine } from '../../../fleet/aws/auto-scaling-group.ts';
import type { NodeReading } from '../../../fleet/registry.ts';

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
