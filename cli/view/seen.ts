import { isSilent } from '../../fleet/node-reading.ts';
import type { PoolAddress } from '../../fleet/pool-address.ts';
import type { PoolMachine } from '../../fleet/pool-machine.ts';
import {
  type DecisionReading,
  type DecisionsReading,
  decisionOf,
  type FleetReading,
  type NodeReading,
  readingOf,
} from '../../fleet/registry.ts';
import type { NodeStatus } from '../../fleet/status.ts';

export type MachinesReading =
  | { kind: 'known'; machines: PoolMachine[] }
  | { kind: 'unknown'; reason: string };

/** All that is known of a pool at one moment. */
export interface PoolWorld {
  machines: MachinesReading;
  fleet: FleetReading;
  decisions: DecisionsReading;
  /** ms since the epoch, by the clock of whoever looks. */
  now: number;
}

/** A machine, what it says of itself, and what is decided about it. */
export interface Seen {
  machine: PoolMachine;
  reading: NodeReading;
  decided: DecisionReading;
}

/** Every machine that is known. What is of an earlier machine of the same name is none of this one. */
export function seeAll(world: PoolWorld): Seen[] {
  return world.machines.kind === 'known' ? world.machines.machines.map((machine) => see(machine, world)) : [];
}

function see(machine: PoolMachine, { fleet, decisions }: PoolWorld): Seen {
  const reading = readingOf(fleet, machine.node);
  const isOfAnother = reading.kind === 'fresh' && isOther(reading.status.machine, machine);
  const decided = decisionOf(decisions, machine.node);
  const isAboutAnother = decided.kind === 'decided' && isOther(decided.decision.machine, machine);
  return {
    machine,
    reading: isOfAnother ? { kind: 'missing' } : reading,
    decided: isAboutAnother ? { kind: 'none' } : decided,
  };
}

function isOther(told: string | undefined, { machine }: PoolMachine): boolean {
  return told !== undefined && told.toLowerCase() !== machine.toLowerCase();
}

/**
 * Whether it is on its way out. Where a function carries decisions out, one that is written is enough; AWS's group acts by
 * itself, and what is written of a machine that it still holds tells no more than what was wanted.
 */
export function isLeaving(
  { machine: { place }, reading, decided }: Seen,
  cloud: PoolAddress['cloud'],
): boolean {
  if (place === 'leaving-group' || place === 'outside' || place === 'ending') return true;
  if (reading.kind === 'fresh' && isPastServing(reading.status)) return true;
  return cloud !== 'aws' && decided.kind === 'decided' && decided.decision.intent === 'leave';
}

/**
 * Whether it may be decided that it leaves, of which what is written could not be read. AWS's group acts by itself, and shows
 * it.
 */
export function mayBeDecided({ decided }: Seen, cloud: PoolAddress['cloud']): boolean {
  return cloud !== 'aws' && decided.kind === 'unknown';
}

/** Whether one that is on its way out counts among those that drain at once: by the same rule as for the pool's function. */
export function holdsUpOthers({ machine: { place }, reading, decided }: Seen, now: number): boolean {
  if (place === 'ending' || place === 'stopped') return false;
  if (decided.kind === 'decided') return !isSilent(reading, Date.parse(decided.decision.at), now);
  return place !== 'outside' || !isSilent(reading, now, now);
}

/** One that its operator empties to keep it is not on its way out. */
function isPastServing({ phase, decision }: NodeStatus): boolean {
  if (phase === 'leaving') return true;
  return (phase === 'draining' || phase === 'empty') && decision?.intent !== 'maintenance';
}

/** An operator said so, of the machine or on it. */
export function isProtected({ machine, reading }: Seen): boolean {
  return machine.protected || (reading.kind === 'fresh' && reading.status.protected);
}

/** What is said of a machine counts as what it says of itself. */
export function asProtected(seen: Seen): NodeReading {
  const { reading } = seen;
  if (reading.kind !== 'fresh' || !isProtected(seen)) return reading;
  return { ...reading, status: { ...reading.status, protected: true } };
}
