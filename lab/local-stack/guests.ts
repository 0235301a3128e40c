import type { DayPlan, PlannedRoom } from '../rehearsal/plan.ts';

const ROOMS_AT_ONCE = 5;
const PEOPLE_IN_ROOM = 3;
const ROOM_MS = 60_000;
const APART_MS = 1_000;
const LASTS_MS = 24 * 3_600_000;
/** What a person takes of a processor, in percent: two nodes are neither busy nor idle with all of them. */
const LOAD = 5.5;

/** A day without events: calls come and go, and there are always about as many. */
export function planGuests(): DayPlan {
  const everyMs = ROOM_MS / ROOMS_AT_ONCE;
  const rooms = Array.from({ length: LASTS_MS / everyMs }, (_, index): PlannedRoom => {
    // The first ones come one after the other, so that each node gets some of them: a single full one would have the pool grow.
    const startMs = Math.max(
      Math.min(index, ROOMS_AT_ONCE) * APART_MS,
      (index - ROOMS_AT_ONCE + 1) * everyMs,
    );
    const leaveMs = (index + 1) * everyMs;
    const name = `room-${index + 1}`;
    const people = Array.from({ length: PEOPLE_IN_ROOM }, (_, seat) => ({
      identity: `${name}-${'abc'[seat] ?? seat}`,
      joinMs: startMs + 200 * (seat + 1),
      leaveMs,
    }));
    return { name, kind: 'short', startMs, people, load: LOAD };
  });
  return { seed: 0, acts: [], gates: [], rooms, endMs: LASTS_MS };
}
