import { isKnown } from '../../fleet/node-reading.ts';
import { ownAlarmOf } from '../../fleet/pool-alarms.ts';
import { POOL_METRICS } from '../../fleet/pool-metrics.ts';
import type { FleetReading, NodeReading } from '../../fleet/registry.ts';
import type { NodeStatus } from '../../fleet/status.ts';
import { drainAgeMs, type Finding } from './finding.ts';

export type MetricName = keyof typeof POOL_METRICS;
export type PoolCounts = Partial<Record<MetricName, number>>;

/** A machine of the pool. A machine that is being made has no agent yet, and one on its way out has none any more. */
export interface MeasuredMachine {
  reading: NodeReading;
  isExpectedToSpeak: boolean;
}

/**
 * The pool's metrics, as far as they are the same in every cloud. What could not be counted is left out, never 0: without
 * the machines it is not known who should speak, and from a registry that was not read to its end, or of which a status
 * could not be read, sums would be too small. What raises an alarm from 1 on is told of those that were read: one status
 * that makes no sense must not hide a drain that is overdue.
 */
export function measure(
  machines: readonly MeasuredMachine[] | undefined,
  fleet: FleetReading,
  now: number,
  warnAfterMs: number,
): PoolCounts {
  const counts: PoolCounts = {};
  if (machines !== undefined) {
    const speakers = machines.filter(({ isExpectedToSpeak }) => isExpectedToSpeak);
    const stale = speakers.filter(({ reading }) => reading.kind === 'stale').length;
    counts.nodes = machines.length;
    counts.stale = stale;
    counts.unknown = speakers.filter(({ reading }) => !isKnown(reading)).length - stale;
  }
  if (fleet.complete) {
    // Of the machines where they are known; one that has just ended may still have a fresh status.
    const readings = machines?.map(({ reading }) => reading) ?? [...fleet.nodes.values()];
    const statuses = readings.flatMap((reading) => (reading.kind === 'fresh' ? [reading.status] : []));
    const sum = (of: (status: NodeStatus) => number) =>
      statuses.reduce((total, status) => total + of(status), 0);
    const count = (is: (status: NodeStatus) => boolean) => statuses.filter(is).length;
    counts.overdue = count((status) => (drainAgeMs(status, now) ?? 0) > warnAfterMs);
    counts.alarming = count(({ alarms = [] }) => alarms.some(({ name }) => !hasOwnAlarm(name)));
    if (!readings.some(({ kind }) => kind === 'unreadable')) {
      counts.serving = count(({ phase }) => phase === 'serving');
      counts.draining = count(({ phase }) => phase === 'draining');
      counts.rooms = sum(({ work }) => work?.rooms ?? 0);
      counts.people = sum(({ work }) => work?.people ?? 0);
    }
  }
  return counts;
}

/** What people are called for by a name of its own. */
function hasOwnAlarm(name: string): boolean {
  return ownAlarmOf(`node-${name}`) !== undefined;
}

const OF_FINDINGS = ['ceiling', 'calls-cut', 'calls-lost'] as const;

/** The nodes of which something was found, by the alarm that it raises: what was not read to its end may hide more. */
export function countFound(findings: readonly Finding[], { complete }: FleetReading): PoolCounts {
  const counts: PoolCounts = {};
  for (const alarm of OF_FINDINGS) {
    const found = findings.filter(({ name }) => ownAlarmOf(name) === alarm);
    const count = new Set(found.map(({ node }) => node)).size;
    if (complete || count > 0) counts[alarm] = count;
  }
  return counts;
}

/** The same by the names that alarms know. */
export function metricsOf(counts: PoolCounts): { name: string; value: number }[] {
  return Object.entries(counts).map(([name, value]) => ({ name: POOL_METRICS[name as MetricName], value }));
}
