import { describeError } from '../../fleet/error.ts';
import type { MediaDriver, MediaNode, Participant } from '../media/driver.ts';
import type { DayPlan, PlannedPerson, PlannedRoom } from './plan.ts';
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

/** The people of one run: they do what the plan says, as far as the fleet lets them. */
export class People {
  readonly #options: PeopleOptions;
  readonly #begun = new Set<string>();
  readonly #rooms = new Map<string, Promise<MediaNode | undefined>>();
  readonly #inCall = new Map<string, Participant>();

  constructor(options: PeopleOptions) {
    this.#options = options;
  }

  /** Does all that the plan has up to this time of the day and that was not done yet. */
  liveUntil(dayMs: number): void {
    for (const room of this.#options.plan.rooms) {
      if (room.startMs > dayMs) continue;
      if (this.#once(`open ${room.name}`)) this.#rooms.set(room.name, this.#open(room));
      for (const person of room.people) {
        if (person.joinMs <= dayMs && this.#once(`join ${person.identity}`)) void this.#join(room, person);
        if (person.leaveMs <= dayMs) void this.#leave(person);
      }
    }
  }

  /** Calls on one node, by what the people themselves know. */
  on(instance: string): { rooms: number; people: number } {
    const there = [...this.#inCall.values()].filter(({ node }) => node.id === instance);
    return { rooms: new Set(there.map(({ room }) => room)).size, people: there.length };
  }

  all(): { rooms: number; people: number } {
    const there = [...this.#inCall.values()];
    return { rooms: new Set(there.map(({ room }) => room)).size, people: there.length };
  }

  participants(): readonly Participant[] {
    return [...this.#inCall.values()];
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
      this.#inCall.set(identity, participant);
      const end = await participant.ended;
      this.#inCall.delete(identity);
      tell({
        kind: 'call-ended',
        at: Date.now(),
        identity,
        instance: node.id,
        end,
        takenAway: node.takenAway(),
      });
    } catch (cause) {
      this.#failed(`${identity} could not join ${room.name} on ${node.id}`, cause);
    }
  }

  async #leave({ identity }: PlannedPerson): Promise<void> {
    const participant = this.#inCall.get(identity);
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
    const { tell, mayFail } = this.#options;
    if (!mayFail) tell({ kind: 'trouble', at: Date.now(), text: `${text}: ${describeError(cause)}` });
  }
}
