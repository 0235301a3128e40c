import { describeDuration } from '../../../fleet/duration.ts';
import type { NodeReading } from '../../../fleet/registry.ts';
import type { NodeStatus } from '../../../fleet/status.ts';
import type { GroupMachine } from '../auto-scaling-group.ts';

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

/** Fresh, and it knows its own work. */
export function isKnown(reading: NodeReading): boolean {
  return reading.kind === 'fresh' && reading.status.work !== null;
}

/** How long a node has been draining; undefined where it is not. */
export function drainAgeMs(status: NodeStatus, now: number): number | undefined {
  return status.phase === 'draining' ? now - Date.parse(status.since) : undefined;
}

/** For people. */
export function describeReading(reading: NodeReading): string {
  switch (reading.kind) {
    case 'fresh': {
      const { phase, work, unknown } = reading.status;
      if (work === null) return `${phase}, its work is unknown (${unknown ?? 'no reason given'})`;
      return `${phase}, ${work.rooms} rooms, ${work.people} people`;
    }
    case 'stale':
      return `last heard of ${describeDuration(reading.ageMs)} ago`;
    case 'missing':
      return 'no status in the registry';
    case 'unreadable':
      return `its status cannot be read (${reading.reason})`;
  }
}
