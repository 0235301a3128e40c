import type { FleetReading } from '../../fleet/registry.ts';

/** A look takes no longer: nearer than that the two clocks cannot be told apart. */
const SAME_MS = 90_000;

/**
 * What time it is. All that is told of a node is by its own clock, and what is decided about it goes by that too: an
 * operator's machine may be wrong by minutes, and nodes are seldom all wrong. `own`: the time on the operator's machine.
 */
export function timeOf({ nodes }: FleetReading, own: number): number {
  const told = [...nodes.values()]
    .flatMap((reading) => (reading.kind === 'fresh' ? [Date.parse(reading.status.at) + reading.ageMs] : []))
    .sort((a, b) => a - b);
  const middle = told[Math.floor(told.length / 2)];
  return middle === undefined || Math.abs(middle - own) <= SAME_MS ? own : middle;
}
