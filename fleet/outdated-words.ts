import { EMPTY_WORD_MS, type FleetReading, type NodeReading } from './registry.ts';

/** What two clocks that are set by the same time may differ by. */
const CLOCKS_APART_MS = 3_000;

/**
 * Whoever may write there can write again what a node has once signed, and the store then calls it new: that it is empty
 * is believed only where its own time says so too. `from`, `until`: when the registry was read, by the reader's clock.
 */
export function doubtOutdated(fleet: FleetReading, from: number, until: number): FleetReading {
  const nodes = [...fleet.nodes].map(([node, reading]) => [node, doubted(reading, from, until)] as const);
  return { ...fleet, nodes: new Map(nodes) };
}

function doubted(reading: NodeReading, from: number, until: number): NodeReading {
  if (reading.kind !== 'fresh' || reading.signature !== 'right') return reading;
  const { phase, at } = reading.status;
  if (phase !== 'empty' && phase !== 'leaving') return reading;
  const saidAt = Date.parse(at);
  const isOfNow = saidAt >= from - EMPTY_WORD_MS && saidAt <= until + CLOCKS_APART_MS;
  return isOfNow ? reading : { ...reading, signature: 'outdated' };
}
