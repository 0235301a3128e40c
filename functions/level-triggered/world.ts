import type { PoolMachine } from '../../fleet/pool-machine.ts';
import {
  type DecisionReading,
  type DecisionsReading,
  decisionOf,
  type FleetReading,
  type MemoryReading,
  type NodeReading,
  readingOf,
} from '../../fleet/registry.ts';

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
