import type { Decision } from '../../fleet/decision.ts';
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
 * How many machines the cloud's own scaling holds to be right. `cannotGrow`: why it gets no more machines at present,
 * which says nothing about the figure. Unknown since it is `unread`: the cloud could not be asked; `unfit`: it answered,
 * and had no figure to act on; `cuts`: its scaling ends machines by itself, whatever runs on them.
 */
export type RecommendationReading =
  | { kind: 'known'; size: number; minimum: number; cannotGrow?: string }
  | { kind: 'unknown'; reason: string; trouble: 'unread' | 'unfit' | 'cuts' };

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
  /** Who decides, as decisions tell it. */
  by: string;
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
    mark: markOfMachine(machine, decisions),
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

/**
 * Marks are written by name too, and another machine may have come under it just then. A mark whose decision is not to be
 * found at all is left: that decision was lost.
 */
function markOfMachine(
  { node, machine, mark }: PoolMachine,
  decisions: DecisionsReading,
): string | undefined {
  const reading = decisionOf(decisions, node);
  if (reading.kind !== 'decided' || reading.decision.machine === machine) return mark;
  return mark === markOf(reading.decision) ? undefined : mark;
}

/** What a machine carries of a decision: clouds take small letters only. */
export function markOf({ id }: Decision): string {
  return id.toLowerCase();
}
