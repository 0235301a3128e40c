import { MonitorAlert } from '@pulumi/digitalocean/monitorAlert.js';
import * as pulumi from '@pulumi/pulumi';
import type { DigitalOceanNames } from './names.ts';
import type { DigitalOceanSettings } from './settings.ts';

export interface PoolAlertsArgs {
  names: DigitalOceanNames;
  settings: DigitalOceanSettings;
  tag: pulumi.Output<string>;
  loadBalancer: pulumi.Output<string> | undefined;
}

interface Alert {
  name: string;
  says: string;
  metric: string;
  compare: 'GreaterThan' | 'LessThan';
  value: number;
  window: '5m' | '10m' | '30m' | '1h';
  /** Known only where DigitalOcean's own agent runs on the droplets. */
  needsMonitoring?: boolean;
}

const OF_DROPLETS: Alert[] = [
  {
    name: 'cpu',
    says: 'A node is full: the pool does not grow as the load does. The log of the orchestrator tells why.',
    metric: 'droplet/cpu',
    compare: 'GreaterThan',
    value: 90,
    window: '10m',
  },
  {
    name: 'memory',
    says: 'A node has hardly any memory left.',
    metric: 'droplet/memory_utilization_percent',
    compare: 'GreaterThan',
    value: 90,
    window: '10m',
    needsMonitoring: true,
  },
  {
    name: 'disk',
    says: 'The disk of a node is nearly full.',
    metric: 'droplet/disk_utilization_percent',
    compare: 'GreaterThan',
    value: 90,
    window: '10m',
    needsMonitoring: true,
  },
];

const OF_LOAD_BALANCER: Alert = {
  name: 'no-nodes',
  says: 'The load balancer has no node that takes new work.',
  metric: 'lbaas/droplet_health',
  compare: 'LessThan',
  value: 1,
  window: '5m',
};

/**
 * What DigitalOcean itself can measure. It has no alerts by a log or by a metric of one's own: what only the orchestrator
 * knows stands in its log.
 */
export class PoolAlerts extends pulumi.ComponentResource {
  constructor(name: string, args: PoolAlertsArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:digitalocean:PoolAlerts', name, {}, options);
    const { names, settings, tag, loadBalancer } = args;
    const { notify } = settings.alarms;
    const alert = (
      { name: what, says, metric, compare, value, window }: Alert,
      whose: { tags: pulumi.Input<string>[] } | { entities: pulumi.Input<string>[] },
    ) =>
      new MonitorAlert(
        `${name}-${what}`,
        {
          description: `${names.tag}: ${what}. ${says}`,
          type: `v1/insights/${metric}`,
          compare,
          value,
          window,
          enabled: true,
          alerts: { emails: notify },
          ...whose,
        },
        { parent: this },
      );
    // An alert that nobody hears of is refused.
    if (notify.length > 0) {
      for (const each of OF_DROPLETS) {
        if (each.needsMonitoring && !settings.digitalocean.monitoring) continue;
        alert(each, { tags: [tag] });
      }
      if (loadBalancer !== undefined) alert(OF_LOAD_BALANCER, { entities: [loadBalancer] });
    }
    this.registerOutputs();
  }
}
