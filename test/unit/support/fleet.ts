import type { FleetReading, NodeReading } from '../../../fleet/registry.ts';
import { NO_WORK, type NodeStatus, type Work } from '../../../fleet/status.ts';

export const NOW = Date.parse('2026-03-01T12:00:00.000Z');

/** A time as statuses write it, some seconds before `NOW`. */
export function ago(seconds: number): string {
  return new Date(NOW - seconds * 1000).toISOString();
}

/** The status of a healthy node that has been serving for an hour, with what a test changes of it. */
export function statusOf(
  node: string,
  changed: Partial<Omit<NodeStatus, 'work'>> & { work?: Partial<Work> | null } = {},
): NodeStatus {
  const { work, ...rest } = changed;
  return {
    v: 1,
    node,
    pool: 'media',
    cloud: 'aws',
    zone: 'a',
    address: '10.0.0.1',
    software: { agent: '1.0.0', template: 'lt-2' },
    phase: 'serving',
    since: ago(3500),
    at: ago(5),
    bootedAt: ago(3600),
    work: work === null ? null : { ...NO_WORK, ...work },
    capacity: null,
    load: null,
    cpu: null,
    protected: false,
    media: [],
    ...rest,
  };
}

export function fresh(node: string, changed: Parameters<typeof statusOf>[1] = {}): NodeReading {
  return { kind: 'fresh', status: statusOf(node, changed), ageMs: 5_000 };
}

export function fleetOf(nodes: Record<string, NodeReading>, problem?: string): FleetReading {
  const readings = new Map(Object.entries(nodes));
  return problem === undefined
    ? { nodes: readings, complete: true }
    : { nodes: readings, complete: false, problem };
}
