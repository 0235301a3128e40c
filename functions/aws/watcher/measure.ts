import { isKnown } from '../../../fleet/node-reading.ts';
import { POOL_METRICS } from '../../../fleet/pool-metrics.ts';
import type { FleetReading } from '../../../fleet/registry.ts';
import type { NodeStatus } from '../../../fleet/status.ts';
import type { Metric } from '../metrics.ts';
import { drainAgeMs, isExpectedToSpeak, RETAINED, type WatchedMachine } from './watched-machine.ts';

type MetricName = keyof typeof POOL_METRICS;

/**
 * The pool's metrics. What could not be counted is left out, never 0: without the group it is not known who should
 * speak, and from a registry that was not read to its end sums would be too small.
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
    const statuses = freshStatuses(machines, fleet);
    const sum = (of: (status: NodeStatus) => number) =>
      statuses.reduce((total, status) => total + of(status), 0);
    const count = (is: (status: NodeStatus) => boolean) => statuses.filter(is).length;
    counts.serving = count(({ phase }) => phase === 'serving');
    counts.draining = count(({ phase }) => phase === 'draining');
    counts.overdue = count((status) => (drainAgeMs(status, now) ?? 0) > warnAfterMs);
    counts.alarming = count(({ alarms }) => (alarms ?? []).length > 0);
    counts.rooms = sum(({ work }) => work?.rooms ?? 0);
    counts.people = sum(({ work }) => work?.people ?? 0);
  }
  return Object.entries(counts).map(([name, value]) => ({
    name: POOL_METRICS[name as MetricName],
    value,
    unit: 'Count',
  }));
}

/** Of the group's machines where they are known; a machine that has just ended may still have a fresh status. */
function freshStatuses(machines: WatchedMachine[] | undefined, fleet: FleetReading): NodeStatus[] {
  const readings = machines?.map(({ reading }) => reading) ?? [...fleet.nodes.values()];
  return readings.flatMap((reading) => (reading.kind === 'fresh' ? [reading.status] : []));
}
