import type { SeenMachine } from './world.ts';

/** A machine whose age its cloud tells: in ms, by the cloud's own clock; NaN where it does not. */
export type AgedMachine = SeenMachine & { ageMs: number };

/**
 * What a machine is to its pool's size. `coming`: young, and about to serve. `unknown`: nothing is known of it, and it may
 * be full of calls. `aside`: it runs, and takes no new work for now. `gone`: on its way out, or off.
 */
export type Standing = 'serving' | 'coming' | 'unknown' | 'aside' | 'gone';

export function standingOf({ place, decided, reading, ageMs }: AgedMachine, bootTimeoutMs: number): Standing {
  if (decided.kind === 'decided' || (place !== 'in-group' && place !== 'unsettled')) return 'gone';
  const isYoung = ageMs < bootTimeoutMs;
  switch (reading.kind) {
    case 'missing':
      return isYoung ? 'coming' : 'unknown';
    case 'stale':
    case 'unreadable':
      return 'unknown';
    case 'fresh':
      break;
  }
  switch (reading.status.phase) {
    case 'serving':
      return 'serving';
    case 'booting':
    case 'warm':
      return isYoung ? 'coming' : 'aside';
    case 'cordoned':
      return 'aside';
    case 'draining':
    case 'empty':
    case 'leaving':
      return 'gone';
  }
}
