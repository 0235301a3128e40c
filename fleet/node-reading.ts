import { describeDuration } from './duration.ts';
import type { NodeReading } from './registry.ts';

/** Fresh, and it knows its own work. */
export function isKnown(reading: NodeReading): boolean {
  return reading.kind === 'fresh' && reading.status.work !== null;
}

/** A drain that is silent for so long has called a person by alarms, and holds up no others any more. */
export const SILENT_MS = 3_600_000;

/** Whether a node that was decided to leave at `decidedAt` has been silent for that long. What cannot be read may speak. */
export function isSilent(reading: NodeReading, decidedAt: number, now: number): boolean {
  switch (reading.kind) {
    case 'fresh':
    case 'unreadable':
      return false;
    case 'stale':
      return reading.ageMs > SILENT_MS;
    case 'missing':
      return now - decidedAt > SILENT_MS;
  }
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
