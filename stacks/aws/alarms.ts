import { LogMetricFilter, MetricAlarm } from '@pulumi/aws/cloudwatch/index.js';
import * as pulumi from '@pulumi/pulumi';
import { describeAlarm, POOL_ALARMS, type PoolAlarmName } from '../../fleet/pool-alarms.ts';
import { POOL_METRICS } from '../../fleet/pool-metrics.ts';
import type { AwsNames } from './names.ts';

export interface PoolAlarmsArgs {
  names: AwsNames;
  /** The group's name, once there is a group: before, there is nothing to be alarmed about. */
  group: pulumi.Output<string>;
  watcher: pulumi.Input<string>;
  terminationPolicy?: { functionName: pulumi.Input<string>; logGroup: pulumi.Input<string> } | undefined;
  /** SNS topics that hear of an alarm and of its end. */
  notify: string[];
}

interface Alarm {
  name: string;
  description: string;
  namespace: string;
  metricName: string;
  dimensions?: Record<string, pulumi.Input<string>>;
  statistic: 'Maximum' | 'Sum';
  minutes: number;
  /** Looked at by so many at a time: one, unless it says otherwise. */
  minutesEach?: number;
  /** Of these minutes, as many must be bad: all, unless it says otherwise. */
  badMinutes?: number;
  missing: 'breaching' | 'notBreaching';
  /** 1 unless it says otherwise. */
  atLeast?: number;
}

/** The termination policy's own words for a question that it could answer with nobody. */
const REFUSED_LINES = '{ ($.event = "termination-policy") && ($.refused IS TRUE) }';
const REFUSED_METRIC = 'ScaleInsRefused';

/** What an operator must hear of. A pool that says nothing is an alarm too. */
export class PoolAlarms extends pulumi.ComponentResource {
  constructor(name: string, args: PoolAlarmsArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:aws:PoolAlarms', name, {}, options);
    const { names, terminationPolicy } = args;
    if (terminationPolicy !== undefined) {
      // It has no time to write metrics while the group waits for its answer.
      new LogMetricFilter(
        `${name}-refused`,
        {
          name: `${names.group}-refused`,
          logGroupName: terminationPolicy.logGroup,
          pattern: REFUSED_LINES,
          metricTransformation: { namespace: names.metricNamespace, name: REFUSED_METRIC, value: '1' },
        },
        { parent: this },
      );
    }
    for (const alarm of alarmsOf(args)) {
      new MetricAlarm(
        `${name}-${alarm.name}`,
        {
          name: pulumi.interpolate`${args.group}-${alarm.name}`,
          alarmDescription: alarm.description,
          namespace: alarm.namespace,
          metricName: alarm.metricName,
          ...(alarm.dimensions === undefined ? {} : { dimensions: alarm.dimensions }),
          statistic: alarm.statistic,
          period: 60 * (alarm.minutesEach ?? 1),
          evaluationPeriods: alarm.minutes / (alarm.minutesEach ?? 1),
          datapointsToAlarm: (alarm.badMinutes ?? alarm.minutes) / (alarm.minutesEach ?? 1),
          threshold: alarm.atLeast ?? 1,
          comparisonOperator: 'GreaterThanOrEqualToThreshold',
          treatMissingData: alarm.missing,
          alarmActions: args.notify,
          okActions: args.notify,
        },
        { parent: this },
      );
    }
    this.registerOutputs();
  }
}

function alarmsOf({ names, watcher, terminationPolicy }: PoolAlarmsArgs): Alarm[] {
  const ofPool = { namespace: names.metricNamespace, statistic: 'Maximum', missing: 'notBreaching' } as const;
  const some = (name: PoolAlarmName & keyof typeof POOL_METRICS): Alarm => ({
    ...ofPool,
    name,
    description: describeAlarm(name),
    metricName: POOL_METRICS[name],
    minutes: POOL_ALARMS[name].minutes,
  });
  const errorsOf = (functionName: pulumi.Input<string>) =>
    ({
      namespace: 'AWS/Lambda',
      metricName: 'Errors',
      dimensions: { FunctionName: functionName },
      statistic: 'Sum',
      missing: 'notBreaching',
    }) as const;
  return [
    some('stale'),
    some('unknown'),
    some('overdue'),
    some('ceiling'),
    some('calls-cut'),
    some('calls-lost'),
    some('alarming'),
    {
      // From the group itself: it holds when the watcher fails too.
      name: 'retained',
      description:
        'A machine left the group without being ended, since nobody answered its hook. It is paid for until it is empty; the watcher ends it then. `fleet explain NODE` tells what is on it, and whether its agent speaks.',
      namespace: 'AWS/AutoScaling',
      metricName: 'GroupTerminatingRetainedInstances',
      dimensions: { AutoScalingGroupName: names.group },
      statistic: 'Maximum',
      minutes: 2,
      missing: 'notBreaching',
    },
    {
      ...errorsOf(watcher),
      name: 'watcher-fails',
      description:
        'The watcher fails: retained machines are not ended, and the metrics of the pool are missing. Its log tells why.',
      minutes: 3,
    },
    {
      ...ofPool,
      name: 'watcher-silent',
      description:
        'The watcher has written no metrics of the pool for 5 minutes: its rule of each minute, or its log, tells why. No other alarm of the pool can be raised meanwhile.',
      metricName: POOL_METRICS.nodes,
      minutes: 5,
      missing: 'breaching',
      // Any number of nodes is well, 0 too: what raises it is that there is no number.
      atLeast: 1_000_000,
    },
    ...(terminationPolicy === undefined
      ? []
      : [
          {
            ...errorsOf(terminationPolicy.functionName),
            name: 'termination-policy-fails',
            description:
              'The termination policy fails: the group does not shrink until it answers again. Its log tells why.',
            // It is asked now and then, not each minute: failures in a row may lie minutes apart.
            minutes: 15,
            badMinutes: 2,
          },
          {
            ...errorsOf(terminationPolicy.functionName),
            name: 'termination-policy-throttled',
            description:
              'The termination policy is not run: the account has no more concurrent Lambdas. The group does not shrink meanwhile; raise the quota.',
            metricName: 'Throttles',
            minutes: 15,
            badMinutes: 2,
          },
          {
            ...ofPool,
            name: 'refused',
            description: describeAlarm('refused'),
            metricName: REFUSED_METRIC,
            statistic: 'Sum' as const,
            // The group asks again now and then, not each minute.
            minutes: POOL_ALARMS.refused.minutes,
            minutesEach: 10,
          },
        ]),
  ];
}
