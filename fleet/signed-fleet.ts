import type { FleetReading, NodeReading } from './registry.ts';

/**
 * What is believed where statuses are signed: anybody who may write there could have said the rest, be it that a node is
 * empty, how full it is, or that it serves. Who is not believed is unknown.
 */
export function believeSigned(fleet: FleetReading): FleetReading {
  const nodes = [...fleet.nodes].map(([node, reading]) => [node, believed(reading)] as const);
  return { ...fleet, nodes: new Map(nodes) };
}

function believed(reading: NodeReading): NodeReading {
  if (reading.kind !== 'fresh' || reading.signature === 'right') return reading;
  const signature = reading.signature ?? 'none';
  const reason = signature === 'wrong' ? 'it is not signed by this node' : 'it is not signed';
  return { kind: 'unreadable', reason, signature };
}
