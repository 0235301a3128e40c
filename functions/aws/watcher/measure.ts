import { isKnown } from '../../../fleet/node-reading.ts';
import { POOL_METRICS } from '../../../fleet/pool-metrics.ts';
import type { FleetReading, NodeReading } from '../../../fleet/registry.ts';
import type { NodeStatus } from '../../../fleet/status.ts';
import type { Metric } from '../metrics.ts';
import { drainAgeMs, isExpectedToSpeak, RETAINED, type WatchedMachine } from './watched-machine.ts';

type MetricName = keyof typeof POOL_METRICS;

/**
 * The pool's metrics. What could not be counted is left out, never 0: without the group it is not known who should
 * speak, and from a registry that was not read to its end, or of which a status could not be read, sums would be too
 * small. What raises an alarm from 1 on is told of those that were read: one status that makes no sense must not hide
 * a drain that is overdue.
 */
export function measure(
  machines: WatchedMachine[] | undefined,
  fleet: FleetReading,
  now: number,
  warnAfterMs: number,
): Metric[] {
  const counts: Partial<Record<MetricName, number>> = {};
  if (machines !== undefined) {
    const speakers = machines.filter(({ lifecycleState }) => isExpectedToSpeak(lifecycleState));
    const stale = speakers.filter(({ reading }) => reading.kind === 'stale').length;
    counts.nodes = machines.length;
    counts.retained = machines.filter(({ lifecycleState }) => lifecycleState === RETAINED).length;
    counts.stale = stale;
    counts.unknown = speakers.filter(({ reading }) => !isKnown(reading)).length - stale;
  }
  if (fleet.complete) {
    const readings = countedReadings(machines, fleet);
    const statuses = readings.flatMap((reading) => (reading.kind === 'fresh' ? [reading.status] : []));
    const sum = (of: (status: NodeStatus) => number) =>
      statuses.reduce((total, status) => total + of(status), 0);
    const count = (is: (status: NodeStatus) => boolean) => statuses.filter(is).length;
    counts.overdue = count((status) => (drainAgeMs(status, now) ?? 0) > warnAfterMs);
    counts.alarming = count(({ alarms }) => (alarms ?? []).length > 0);
    if (!readings.some(({ kind }) => kind === 'unreadable')) {
      counts.serving = count(({ phase }) => phase === 'serving');
      counts.draining = count(({ phase }) => phase === 'draining');
      counts.rooms = sum(({ work }) => work?.rooms ?? 0);
      counts.people = sum(({ work }) => work?.people ?? 0);
    }
  }
  return Object.entries(counts).map(([name, value]) => ({
    name: POOL_METRICS[name as MetricName],
    value,
    unit: 'Count',
  }));
}

/** Of the group's machines where they are known; a machine that has just ended may still have a fresh status. */
function countedReadings(machines: WatchedMachine[] | undefined, fleet: FleetReading): NodeReading[] {
  return machines?.map(({ reading }) => reading) ?? [...fleet.nodes.values()];
}
