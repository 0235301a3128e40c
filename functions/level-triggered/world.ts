import {
  type DecisionReading,
  type DecisionsReading,
  decisionOf,
  type FleetReading,
  type MemoryReading,
  type NodeReading,
  readingOf,
} from '../../fleet/registry.ts';

/**
 * Where a machine of the pool stands. `in-group`: settled and running in its group. `unsettled`: in its group, which is
 * doing something with it. `leaving-group`: on its way out of it, and it runs on. `outside`: it runs, and no group has it.
 * `stopped`: outside, and for some minutes nothing has run on it. `ending`: the cloud takes it away, or puts another in
 * its place.
 */
export type Place = 'in-group' | 'unsettled' | 'leaving-group' | 'outside' | 'stopped' | 'ending';

export interface PoolMachine {
  node: string;
  /** The cloud's own id of this one machine: a node's name may come again. */
  machine: string;
  zone: string;
  place: Place;
  /** In the cloud's words, for people. */
  state: string;
  /** An operator said on the machine itself that it is not to be touched. */
  protected: boolean;
  /** The id of the decision that the machine itself carries. */
  mark?: string | undefined;
}

export type MachinesReading<Machine extends PoolMachine = PoolMachine> =
  | { kind: 'known'; machines: Machine[] }
  | { kind: 'unknown'; reason: string };

/**
 * How many machines the cloud's own scaling holds to be right. `unread`: it could not be asked; else the cloud answered,
 * and had no figure that is fit to act on.
 */
export type RecommendationReading =
  | { kind: 'known'; size: number; minimum: number }
  | { kind: 'unknown'; reason: string; unread: boolean };

/** All that one run knows. */
export interface PoolWorld<Machine extends PoolMachine = PoolMachine> {
  machines: MachinesReading<Machine>;
  recommendation: RecommendationReading;
  fleet: FleetReading;
  decisions: DecisionsReading;
  memory: MemoryReading;
  now: number;
}

/** What a pool is told by its stack. */
export interface PoolRules {
  pool: string;
  minServing: number;
  maxDrains: number;
  coolDownMs: number;
  warmUpMs: number;
  /** How long there must be too many before one goes. */
  lowForMs: number;
  warnAfterMs: number;
  currentTemplate?: string | undefined;
}

/** A machine, what it says of itself, and what is decided about it: never what is of an earlier machine of its name. */
export type SeenMachine<Machine extends PoolMachine = PoolMachine> = Machine & {
  reading: NodeReading;
  decided: DecisionReading;
};

export function see<Machine extends PoolMachine>(
  machines: readonly Machine[],
  { fleet, decisions }: Pick<PoolWorld, 'fleet' | 'decisions'>,
): SeenMachine<Machine>[] {
  return machines.map((machine) => ({
    ...machine,
    reading: readingOfMachine(machine, fleet),
    decided: decisionOfMachine(machine, decisions),
  }));
}

function readingOfMachine({ node, machine }: PoolMachine, fleet: FleetReading): NodeReading {
  const reading = readingOf(fleet, node);
  const ofAnother = reading.kind === 'fresh' && (reading.status.machine ?? machine) !== machine;
  return ofAnother ? { kind: 'missing' } : reading;
}

function decisionOfMachine({ node, machine }: PoolMachine, decisions: DecisionsReading): DecisionReading {
  const reading = decisionOf(decisions, node);
  if (reading.kind !== 'decided') return reading;
  const { decision } = reading;
  if (decision.machine === undefined)
    return { kind: 'unknown', reason: `the decision ${decision.id} does not say which machine it is about` };
  return decision.machine === machine && decision.intent === 'leave' ? reading : { kind: 'none' };
}
