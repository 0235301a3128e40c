import type { Clock } from '../../fleet/clock.ts';
import type { SendHttp } from '../../fleet/http.ts';
import type { Guard } from './guard.ts';
import type { Happening } from './happening.ts';
import type { Caller } from './mischiefs.ts';
import type { Destination } from './network.ts';
import type { VirtualNode } from './node.ts';
import type { CommonPlan } from './plan.ts';
import type { CommonStep, OwnStep } from './step.ts';

/**
 * The seam between the harness and a cloud: all that a folder `lab/chaos/CLOUD/` gives. The harness gives everything
 * else: time, the network and what goes wrong in it, machines with disk, media server and agent, rooms and people, and
 * what must never happen. `Plan`: how its world is made, as data. `Own`: what can happen in this cloud only, as data.
 */
export interface ChaosCloud<Plan extends CommonPlan, Own extends OwnStep> {
  name: string;
  /** Of its own steps those that are trouble; the others (a size that is wished for) are everyday life. */
  faults: readonly Own['kind'][];
  /** How late it is at worst, with all that goes wrong, that anybody sees to a machine that has to go. */
  noticesWithinMs: number;
  /** What stands in the source of this cloud alone, and must be missed when it is taken out. */
  guards: readonly Guard[];
  /** How the world is made, and what happens in it, in order of time: drawn from the seed's numbers alone. */
  draw(random: () => number): Drawn<Plan, Own>;
  create(plan: Plan, kit: WorldKit): World<Own>;
}

export interface Drawn<Plan, Own> {
  plan: Plan;
  steps: (CommonStep | Own)[];
  /** Every trouble is over by then; ms since the world began. */
  calmAt: number;
}

/**
 * A cloud in memory: its services, the functions beside them, and machines (`createVirtualNode`). It tells what it
 * does to machines in the words of `CloudHappening`: these, `nodes` and `alarms` are all that the invariants read of
 * it.
 */
export interface World<Own> {
  /** In order of launch, those that are gone too. */
  nodes(): readonly NodeInWorld[];
  apply(step: Own): void;
  /** What is known to a person who looks at the cloud's own alarms now. */
  alarms(): string[];
  /** What of it as a whole is not as it is to be long after the last trouble; mostly nothing. */
  unsettled?(): string | undefined;
}

export interface NodeInWorld {
  node: VirtualNode;
  standing: Standing;
}

/** How the machine of a node stands with its cloud. */
export type Standing =
  /** It counts, or is about to. */
  | 'in'
  /** The cloud has decided that it goes, and holds it for its agent. */
  | 'leaving'
  /** It left its group and runs on: somebody has to end it. */
  | 'kept'
  /** It is out of its group and off, and its cloud still has what is left of it: somebody has to end it. */
  | 'stopped'
  | 'gone';

/** What every world is made with. */
export interface WorldKit {
  clock: Clock;
  random: () => number;
  tell(happening: Happening): void;
  /** Something is wrong, and nothing needs to go on. */
  isOver(): boolean;
  /** The network as this caller has it, with what goes wrong in it. `find`: who answers at an address. */
  senderOf(caller: Caller, find: (url: URL) => Destination | undefined): SendHttp;
  /** Whether something may have kept an agent from what it has to do, at any time in the last `ms`. */
  wasDisturbed(withinMs: number): boolean;
}
