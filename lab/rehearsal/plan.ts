import { createRandom } from './random.ts';

/** Somebody's part in a call. Times are of the day: ms since its start. */
export interface PlannedPerson {
  readonly identity: string;
  readonly joinMs: number;
  readonly leaveMs: number;
}

export interface PlannedRoom {
  readonly name: string;
  /** `long` calls are what is left on every node when the load falls. */
  readonly kind: 'short' | 'long';
  readonly startMs: number;
  readonly people: readonly PlannedPerson[];
  /** What each of its people takes of a node's (simulated) processor, in percent. */
  readonly load: number;
}

/** The day stands still here until so many nodes take calls, or until it has waited long enough. */
export interface Gate {
  readonly atMs: number;
  readonly nodes: number;
  readonly waitMs: number;
}

/** A part of the day, told to whoever watches. */
export interface Act {
  readonly atMs: number;
  readonly name: string;
  readonly text: string;
}

/** What happens in one day, whatever the group makes of it: both runs live the same. */
export interface DayPlan {
  readonly seed: number;
  readonly acts: readonly Act[];
  readonly gates: readonly Gate[];
  readonly rooms: readonly PlannedRoom[];
  readonly endMs: number;
}

export interface DayShape {
  readonly seed: number;
  /** Nodes that the day begins with, and that its busiest hour needs. */
  readonly initial: number;
  readonly peak: number;
  /** What a node's processor does with its share of the morning, and with its long calls alone, in percent. */
  readonly morningCpu: number;
  readonly longCpu: number;
  /** For each node of the beginning, and of the peak. Real WebRTC clients are heavier than twins: then fewer. */
  readonly shortRoomsPerNode: number;
  readonly longRoomsPerNode: number;
  readonly peoplePerShortRoom: number;
  readonly peoplePerLongRoom: number;
  readonly eveningRooms: number;
}

/** What a node's processor does with nobody on it. */
export const IDLE_CPU = 4;

const GROWN_MS = 5_000;
const LULL_MS = 13_000;
const EVENING_MS = 28_000;
const LONGEST_WAIT_MS = 30_000;

/**
 * A day: it grows a little (the group adds a node), then most calls end while each node keeps long ones (the group
 * wants nodes back), a few new calls begin meanwhile (they must find a node that stays), and at last all end.
 */
export function planDay(shape: DayShape): DayPlan {
  const { seed, initial, peak, peoplePerShortRoom, peoplePerLongRoom } = shape;
  const random = createRandom(seed);
  const between = (from: number, to: number) => Math.round(from + random() * (to - from));
  const shortLoad = (shape.morningCpu - IDLE_CPU) / (shape.shortRoomsPerNode * peoplePerShortRoom);
  const longLoad = (shape.longCpu - IDLE_CPU) / (shape.longRoomsPerNode * (peoplePerLongRoom + 1));

  const busy = (name: string, startMs: number): PlannedRoom => {
    const endMs = between(LULL_MS - 2_500, LULL_MS + 1_500);
    const people = peopleIn(name, startMs, endMs, peoplePerShortRoom);
    return { name, kind: 'short', startMs, people, load: shortLoad };
  };
  const morning = numbered(initial * shape.shortRoomsPerNode, 'morning', (name, index) =>
    busy(name, between(index * 300, index * 300 + 250)),
  );
  // As many as bring the new nodes up to the others: a group that gives each new call to the node with the fewest
  // then spreads the long ones evenly.
  const noon = numbered((peak - initial) * shape.shortRoomsPerNode, 'noon', (name, index) =>
    busy(name, GROWN_MS + 200 + index * 200),
  );
  const longFromMs = GROWN_MS + 600 + noon.length * 200;
  const long = numbered(peak * shape.longRoomsPerNode, 'long', (name, index): PlannedRoom => {
    const startMs = longFromMs + index * 350;
    const endMs = between(36_000, 46_000);
    // One more comes late: by then the node may be draining, and must let them in all the same.
    const late = { identity: `${name}-late`, joinMs: between(27_000, 32_000), leaveMs: endMs };
    const people = [...peopleIn(name, startMs, endMs, peoplePerLongRoom), late];
    return { name, kind: 'long', startMs, people, load: longLoad };
  });
  const evening = numbered(shape.eveningRooms, 'evening', (name, index): PlannedRoom => {
    const startMs = EVENING_MS + index * 4_000 + between(0, 2_000);
    const people = peopleIn(name, startMs, startMs + between(5_000, 9_000), 2);
    return { name, kind: 'short', startMs, people, load: longLoad };
  });

  const rooms = [...morning, ...noon, ...long, ...evening];
  return {
    seed,
    acts: [
      { atMs: 0, name: 'morning', text: 'calls come in, and the group grows' },
      { atMs: GROWN_MS, name: 'noon', text: 'more calls come in, and long ones begin on every node' },
      { atMs: LULL_MS, name: 'afternoon', text: 'most calls have ended: the group will want nodes back' },
      { atMs: EVENING_MS, name: 'evening', text: 'long calls go on, a few new ones begin' },
      { atMs: 36_000, name: 'night', text: 'the last calls end' },
    ],
    gates: [
      { atMs: 0, nodes: initial, waitMs: LONGEST_WAIT_MS },
      { atMs: GROWN_MS, nodes: peak, waitMs: LONGEST_WAIT_MS },
    ],
    rooms,
    endMs: Math.max(...rooms.flatMap(({ people }) => people.map(({ leaveMs }) => leaveMs))) + 500,
  };
}

function numbered(
  count: number,
  name: string,
  room: (name: string, index: number) => PlannedRoom,
): PlannedRoom[] {
  return Array.from({ length: count }, (_, index) => room(`${name}-${index + 1}`, index));
}

/** They come one after the other and leave together. */
function peopleIn(room: string, startMs: number, endMs: number, size: number): PlannedPerson[] {
  return Array.from({ length: size }, (_, index) => ({
    identity: `${room}-${'abcdefgh'[index] ?? index}`,
    joinMs: startMs + 50 * (index + 1),
    leaveMs: endMs,
  }));
}

export function peopleOf(plan: DayPlan): number {
  return plan.rooms.reduce((sum, { people }) => sum + people.length, 0);
}
