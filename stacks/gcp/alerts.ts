import { Metric } from '@pulumi/gcp/logging/metric.js';
import { AlertPolicy } from '@pulumi/gcp/monitoring/alertPolicy.js';
import { NotificationChannel } from '@pulumi/gcp/monitoring/notificationChannel.js';
import * as pulumi from '@pulumi/pulumi';
import { describeAlarm, POOL_ALARMS, type PoolAlarmName } from '../../fleet/pool-alarms.ts';
import { POOL_METRICS } from '../../fleet/pool-metrics.ts';
import { type GcpNames, LOG_METRICS } from './names.ts';

export interface PoolAlertsArgs {
  names: GcpNames;
  pool: string;
  /** Where the pruner's log tells how the pool is: it has no right to write metrics, and needs none. */
  pruner: pulumi.Output<string>;
  /** Notification channels, and e-mail addresses. */
  notify: string[];
}

interface Alert {
  name: string;
  says: string;
  /** Lines of the pruner's log that are bad, or, with `absent`, that must be there. */
  lines: string;
  /** For how long it must be so: `SHORTEST` at least, since that is what is looked at. */
  minutes: number;
  absent?: boolean;
  /** One alert for each value that the lines have of it, which its message tells. */
  apartBy?: 'reason';
}

/** A count needs two minutes to be one. */
const SHORTEST = 2;

const RUN = 'jsonPayload.event="pruner"';
/** As the pruner counts it. */
const some = (name: PoolAlarmName & keyof typeof POOL_METRICS): Alert => ({
  name,
  says: describeAlarm(name),
  lines: `${RUN} AND jsonPayload.${POOL_METRICS[name]}>=1`,
  minutes: POOL_ALARMS[name].minutes,
});
/** As it finds it. */
const found = (name: PoolAlarmName): Alert => ({
  name,
  says: describeAlarm(name),
  lines: `jsonPayload.event=(${POOL_ALARMS[name].findings.map((finding) => `"found-${finding}"`).join(' OR ')})`,
  minutes: Math.max(SHORTEST, POOL_ALARMS[name].minutes),
});

const ALERTS: Alert[] = [
  some('stale'),
  { ...found('unknown'), apartBy: 'reason' },
  some('overdue'),
  found('ceiling'),
  found('calls-cut'),
  found('calls-lost'),
  found('refused'),
  found('stuck'),
  some('alarming'),
  some('retained'),
  found('cramped'),
  {
    name: 'pruner-fails',
    says: 'The pruner fails: the pool does not shrink, and machines that are empty may be paid for.',
    lines: 'jsonPayload.level="error"',
    minutes: 3,
  },
  {
    name: 'pruner-silent',
    says: 'The pruner has not told how the pool is for 5 minutes, or has never run: its schedule or its log tells why.',
    lines: RUN,
    minutes: 5,
    absent: true,
  },
];

/** What an operator must hear of. A pool that says nothing is an alert too. */
export class PoolAlerts extends pulumi.ComponentResource {
  constructor(name: string, args: PoolAlertsArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:gcp:PoolAlerts', name, {}, options);
    const { names, pool, pruner } = args;
    const notificationChannels = this.channels(name, args);
    for (const alert of ALERTS) {
      const metric = new Metric(
        `${name}-${alert.name}-lines`,
        {
          name: names.metric(alert.name),
          description: alert.says,
          filter: pulumi.interpolate`resource.type="cloud_run_revision" AND resource.labels.service_name="${pruner}" AND ${alert.lines}`,
          metricDescriptor: {
            metricKind: 'DELTA',
            valueType: 'INT64',
            ...(alert.apartBy === undefined ? {} : { labels: [{ key: alert.apartBy, valueType: 'STRING' }] }),
          },
          ...(alert.apartBy === undefined
            ? {}
            : { labelExtractors: { [alert.apartBy]: `EXTRACT(jsonPayload.${alert.apartBy})` } }),
        },
        { parent: this },
      );
      new AlertPolicy(
        `${name}-${alert.name}`,
        {
          displayName: `${names.group}: ${alert.name}`,
          documentation: { content: alert.says, mimeType: 'text/markdown' },
          combiner: 'OR',
          conditions: [
            { displayName: alert.name, conditionPrometheusQueryLanguage: conditionOf(alert, metric.name) },
          ],
          notificationChannels,
          userLabels: { 'ebbtide-pool': pool },
        },
        { parent: this },
      );
    }
    this.registerOutputs();
  }

  private channels(name: string, { pool, notify }: PoolAlertsArgs): pulumi.Input<string>[] {
    return notify.map((who) => {
      if (!who.includes('@')) return who;
      const channel = new NotificationChannel(
        `${name}-to-${who}`,
        { type: 'email', displayName: `Ebbtide pool ${pool}`, labels: { email_address: who } },
        { parent: this },
      );
      return channel.id;
    });
  }
}

/**
 * In PromQL, of which alone Google takes a metric that it does not know yet: of one that was made just now it knows
 * nothing for up to ten minutes, and refuses every other condition.
 */
function conditionOf({ minutes, absent, apartBy }: Alert, metric: pulumi.Output<string>) {
  const lines = pulumi.interpolate`sum${apartBy === undefined ? '' : ` by (${apartBy}) `}(increase({"${LOG_METRICS}${metric}", monitored_resource="cloud_run_revision"}[2m]))`;
  return {
    // A pool whose pruner has never run has no lines at all: that is none, and not unknown.
    query: absent ? pulumi.interpolate`(${lines} or vector(0)) < 0.5` : pulumi.interpolate`${lines} > 0`,
    duration: `${(minutes - 1) * 60}s`,
    evaluationInterval: '60s',
    disableMetricValidation: true,
  };
}
