import type { LeaveReason } from './wire.ts';

/** One person's connection, as the rooms need it. */
export interface Person {
  readonly identity: string;
  hear(others: number): void;
  /** Tells why the call is over, and ends it. */
  dismiss(reason: LeaveReason): void;
}

interface Room {
  readonly people: Map<string, Person>;
  closing: NodeJS.Timeout | undefined;
}

interface Timeouts {
  readonly emptyTimeoutMs: number;
  readonly departureTimeoutMs: number;
}

/** The rooms on this node. A room outlives its last person for a while, and is counted until then, as in LiveKit. */
export class Rooms {
  readonly #rooms = new Map<string, Room>();
  readonly #timeouts: Timeouts;

  constructor(timeouts: Timeouts) {
    this.#timeouts = timeouts;
  }

  get count(): number {
    return this.#rooms.size;
  }

  get people(): number {
    return [...this.#rooms.values()].reduce((sum, room) => sum + room.people.size, 0);
  }

  /** Everybody hears everybody else in the room. */
  get subscriptions(): number {
    return [...this.#rooms.values()].reduce(
      (sum, room) => sum + room.people.size * (room.people.size - 1),
      0,
    );
  }

  create(name: string): void {
    if (this.#rooms.has(name)) return;
    const room: Room = { people: new Map(), closing: undefined };
    this.#rooms.set(name, room);
    this.#closeLater(name, room, this.#timeouts.emptyTimeoutMs);
  }

  join(name: string, person: Person): void {
    this.create(name);
    const room = this.#rooms.get(name);
    if (room === undefined) return;
    clearTimeout(room.closing);
    const before = room.people.get(person.identity);
    room.people.set(person.identity, person);
    before?.dismiss('DUPLICATE_IDENTITY');
  }

  leave(name: string, person: Person): void {
    const room = this.#rooms.get(name);
    if (room?.people.get(person.identity) !== person) return;
    room.people.delete(person.identity);
    if (room.people.size === 0) this.#closeLater(name, room, this.#timeouts.departureTimeoutMs);
  }

  sound(): void {
    for (const { people } of this.#rooms.values()) {
      for (const person of people.values()) person.hear(people.size - 1);
    }
  }

  closeAll(reason: LeaveReason): void {
    for (const room of this.#rooms.values()) {
      clearTimeout(room.closing);
      for (const person of room.people.values()) person.dismiss(reason);
    }
    this.#rooms.clear();
  }

  #closeLater(name: string, room: Room, after: number): void {
    clearTimeout(room.closing);
    room.closing = setTimeout(() => this.#rooms.delete(name), after).unref();
  }
}
