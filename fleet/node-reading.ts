import { describeDuration } from './duration.ts';
import type { NodeReading } from './registry.ts';

/** Fresh, and it knows its own work. */
export function isKnown(reading: NodeReading): boolean {
  return reading.kind === 'fresh' && reading.status.work !== null;
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
