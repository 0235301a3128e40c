import { describeError } from '../../fleet/error.ts';
import type { CallEnd, MediaDriver, MediaNode, Participant } from '../media/driver.ts';
import { type DayPlan, IDLE_CPU, type PlannedPerson, type PlannedRoom } from './plan.ts';
import type { Observation } from './tally.ts';

export interface PeopleOptions {
  plan: DayPlan;
  driver: MediaDriver;
  /** Nodes that take calls now. */
  nodes: () => readonly MediaNode[];
  tell: (observation: Observation) => void;
  /** In the control run calls are cut, and whoever comes late finds nobody: that is no trouble. */
  mayFail: boolean;
}

/** People speak all the time, so that a longer silence is a stretch in which the media did not flow. */
const LONGEST_GAP_MS = 5_000;

/** The people of one run: they do what the plan says, as far as the fleet lets them. */
export class People {
  readonly #options: PeopleOptions;
  readonly #begun = new Set<string>();
  readonly #rooms = new Map<string, Promise<MediaNode | undefined>>();
  readonly #inCall = new Map<string, { participant: Participant; load: number }>();

  constructor(options: PeopleOptions) {
    this.#options = options;
  }

  /** Does all that the plan has up to this time of the day and that was not done yet. */
  liveUntil(dayMs: number): void {
    this.#missTheCutOff();
    for (const room of this.#options.plan.rooms) {
      if (room.startMs > dayMs) continue;
      if (this.#once(`open ${room.name}`)) this.#rooms.set(room.name, this.#open(room));
      for (const person of room.people) {
        if (person.joinMs <= dayMs && this.#once(`join ${person.identity}`)) void this.#join(room, person);
        if (person.leaveMs <= dayMs) void this.#leave(person);
      }
    }
  }

  /** Calls on one node, by what the people themselves know, and what they make its processor do. */
  on(instance: string): { rooms: number; people: number; cpu: number } {
    const there = [...this.#inCall.values()].filter(({ participant }) => participant.node.id === instance);
    return { ...count(there), cpu: there.reduce((sum, { load }) => sum + load, IDLE_CPU) };
  }

  all(): { rooms: number; people: number } {
    return count([...this.#inCall.values()]);
  }

  async #open(room: PlannedRoom): Promise<MediaNode | undefined> {
    const { driver, nodes, tell } = this.#options;
    try {
      const node = await driver.openRoom(nodes(), room.name);
      tell({ kind: 'room-opened', at: Date.now(), room: room.name, instance: node.id });
      return node;
    } catch (cause) {
      this.#failed(`the call ${room.name} could not begin`, cause);
      return undefined;
    }
  }

  async #join(room: PlannedRoom, { identity }: PlannedPerson): Promise<void> {
    const { driver, tell } = this.#options;
    const node = await this.#rooms.get(room.name);
    if (node === undefined || node.takenAway()) return;
    try {
      const participant = await driver.join(node, room.name, identity);
      tell({ kind: 'joined', at: Date.now(), identity, instance: node.id });
      this.#inCall.set(identity, { participant, load: room.load });
      this.#ended(participant, await participant.ended);
    } catch (cause) {
      this.#failed(`${identity} could not join ${room.name} on ${node.id}`, cause);
    }
  }

  #ended(participant: Participant, end: CallEnd): void {
    const { identity, node } = participant;
    // Told already, when the machine was seen to be gone.
    if (!this.#inCall.delete(identity)) return;
    const instance = node.id;
    this.#options.tell({
      kind: 'call-ended',
      at: Date.now(),
      identity,
      instance,
      end,
      takenAway: node.takenAway(),
    });
    if (!this.#options.mayFail) this.#checkSound(participant);
  }

  /** A real client tries for a while to reach a server that is gone: its call is over all the same. */
  #missTheCutOff(): void {
    for (const { participant } of [...this.#inCall.values()]) {
      if (!participant.node.takenAway()) continue;
      this.#ended(participant, { kind: 'connection-lost' });
      void participant.hangUp().catch(() => undefined);
    }
  }

  /** Not cut, but not well either: everybody must have been heard from first to last, on one connection. */
  #checkSound(participant: Participant): void {
    const { longestGapMs } = participant.heard();
    const who = `${participant.identity} on ${participant.node.id}`;
    if (participant.reconnects() > 0) this.#trouble(`${who} had to connect anew`);
    if (longestGapMs > LONGEST_GAP_MS)
      this.#trouble(`${who} heard nothing for ${(longestGapMs / 1000).toFixed(1)} s`);
  }

  async #leave({ identity }: PlannedPerson): Promise<void> {
    const participant = this.#inCall.get(identity)?.participant;
    if (participant === undefined || !this.#once(`leave ${identity}`)) return;
    try {
      await participant.hangUp();
    } catch (cause) {
      this.#failed(`${identity} could not hang up`, cause);
    }
  }

  #once(deed: string): boolean {
    if (this.#begun.has(deed)) return false;
    this.#begun.add(deed);
    return true;
  }

  #failed(text: string, cause: unknown): void {
    if (!this.#options.mayFail) this.#trouble(`${text}: ${describeError(cause)}`);
  }

  #trouble(text: string): void {
    this.#options.tell({ kind: 'trouble', at: Date.now(), text });
  }
}

function count(there: readonly { participant: Participant }[]): { rooms: number; people: number } {
  return { rooms: new Set(there.map(({ participant }) => participant.room)).size, people: there.length };
}
