import type { CloudClock } from '../cloud/clock.ts';
import { evaluateAlarm } from './alarm.ts';
import type { AlarmState, AwsHappening } from './events.ts';
import { isCapacity } from './lifecycle.ts';
import type { Metrics } from './metrics.ts';
import type { Alarm } from './model.ts';
import type { ScalingGroup } from './scaling-group.ts';

const MINUTE_MS = 60_000;

/** Each of the cloud's minutes: the metrics that a group publishes of itself, then every alarm. */
export function runMonitor(
  alarms: () => readonly Alarm[],
  groups: () => readonly ScalingGroup[],
  metrics: Metrics,
  clock: CloudClock,
  emit: (happening: AwsHappening) => void,
): void {
  const states = new Map<string, AlarmState>();
  const seenSince = new Map<string, number>();

  function tick(minute: number): void {
    for (const alarm of alarms()) {
      // An alarm has no past from before it was made.
      const sinceMs = (seenSince.get(alarm.name) ?? minute) * MINUTE_MS;
      seenSince.set(alarm.name, sinceMs / MINUTE_MS);
      if (minute * MINUTE_MS - sinceMs < alarm.evaluationPeriods * alarm.periodMs) continue;
      const before = states.get(alarm.name) ?? 'INSUFFICIENT_DATA';
      const data = metrics.data(alarm.namespace, alarm.metric, alarm.dimensions);
      const after = evaluateAlarm(alarm, data, minute * MINUTE_MS, before);
      states.set(alarm.name, after);
      if (after !== before) emit({ kind: 'alarm', name: alarm.name, from: before, to: after });
    }
    for (const scaling of groups()) publish(scaling);
    const next = Math.max(minute, Math.floor(clock.now() / MINUTE_MS)) + 1;
    clock.at(next * MINUTE_MS, () => tick(next));
  }

  function publish(scaling: ScalingGroup): void {
    const states = scaling.instances().map(({ life }) => life.state);
    const count = (wanted: (state: (typeof states)[number]) => boolean) => states.filter(wanted).length;
    const values: Record<string, number> = {
      GroupDesiredCapacity: scaling.desired(),
      GroupMinSize: scaling.group.min,
      GroupMaxSize: scaling.group.max,
      GroupInServiceInstances: count((state) => state === 'InService'),
      GroupPendingInstances: count((state) => isCapacity(state) && state !== 'InService'),
      GroupStandbyInstances: 0,
      GroupTerminatingInstances: count(
        (state) => state.startsWith('Terminating') && state !== 'Terminating:Retained',
      ),
      GroupTerminatingRetainedInstances: count((state) => state === 'Terminating:Retained'),
      GroupTotalInstances: count((state) => state !== 'Terminated'),
    };
    for (const name of scaling.group.enabledMetrics) {
      const value = values[name];
      if (value !== undefined) {
        metrics.put('AWS/AutoScaling', name, { AutoScalingGroupName: scaling.group.name }, value);
      }
    }
  }

  clock.at(0, () => tick(0));
}
