import { MetricAlarm } from '@pulumi/aws/cloudwatch/index.js';
import * as pulumi from '@pulumi/pulumi';
import { POOL_ALARMS } from '../../fleet/pool-alarms.ts';
import { POOL_METRICS } from '../../fleet/pool-metrics.ts';
import type { AwsNames } from './names.ts';

export interface PoolAlarmsArgs {
  names: AwsNames;
  /** The group's name, once there is a group: before, there is nothing to be alarmed about. */
  group: pulumi.Output<string>;
  watcher: pulumi.Input<string>;
  terminationPolicy?: pulumi.Input<string> | undefined;
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
  /** Of these minutes, as many must be bad: all, unless it says otherwise. */
  badMinutes?: number;
  missing: 'breaching' | 'notBreaching';
  /** 1 unless it says otherwise. */
  atLeast?: number;
}

/** What an operator must hear of. A pool that says nothing is an alarm too. */
export class PoolAlarms extends pulumi.ComponentResource {
  constructor(name: string, args: PoolAlarmsArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:aws:PoolAlarms', name, {}, options);
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
          period: 60,
          evaluationPeriods: alarm.minutes,
          datapointsToAlarm: alarm.badMinutes ?? alarm.minutes,
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
  const some = (name: keyof typeof POOL_ALARMS & keyof typeof POOL_METRICS): Alarm => ({
    ...ofPool,
    name,
    description: POOL_ALARMS[name].says,
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
    some('alarming'),
    {
      // From the group itself: it holds when the watcher fails too.
      name: 'retained',
      description:
        'A machine left the group without being ended, since nobody answered its hook. It is paid for until it is empty.',
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
        'The watcher fails: retained machines are not ended, and the metrics of the pool are missing.',
      minutes: 3,
    },
    {
      ...ofPool,
      name: 'watcher-silent',
      description: 'The watcher has written no metrics of the pool for 5 minutes.',
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
            ...errorsOf(terminationPolicy),
            name: 'termination-policy-fails',
            description: 'The termination policy fails: the group does not shrink until it answers again.',
            // It is asked now and then, not each minute: failures in a row may lie minutes apart.
            minutes: 15,
            badMinutes: 2,
          },
        ]),
  ];
}
