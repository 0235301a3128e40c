import type { FleetReading, NodeReading } from '../../../fleet/registry.ts';
import type { TerminationRequest } from './request.ts';

/**
 * Pure: how many of the machines offered must go on serving, 1 or 0. A group counts machines, and not whether they take
 * people: one that an operator empties to keep it, or that is silent, is as good to it as another. While it keeps any
 * machine, somebody must be known to serve; where it gives up all that it has, nobody.
 */
export function leastServing(
  { cause, machines, demands }: TerminationRequest,
  fleet: FleetReading,
  decided: ReadonlySet<string>,
): 0 | 1 {
  // All else replaces machines: another comes for whoever goes.
  if (cause !== 'scale-in') return 0;
  const offered = new Set(machines.map(({ node }) => node));
  // A question may be about some zones only.
  const others = [...fleet.nodes]
    .filter(([node]) => !offered.has(node) && !decided.has(node))
    .map(([, reading]) => reading);
  if (others.some(isServing)) return 0;
  const asked = demands.reduce((sum, { count }) => sum + count, 0);
  return asked < machines.length || others.some(isKeptEmpty) ? 1 : 0;
}

function isServing(reading: NodeReading): boolean {
  return reading.kind === 'fresh' && reading.status.phase === 'serving';
}

function isKeptEmpty(reading: NodeReading): boolean {
  return reading.kind === 'fresh' && reading.status.decision?.intent === 'maintenance';
}
