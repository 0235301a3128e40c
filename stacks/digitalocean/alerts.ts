import { MonitorAlert } from '@pulumi/digitalocean/monitorAlert.js';
import { UptimeAlert } from '@pulumi/digitalocean/uptimeAlert.js';
import { UptimeCheck } from '@pulumi/digitalocean/uptimeCheck.js';
import * as pulumi from '@pulumi/pulumi';
import { CHECK_PERIOD } from '../../fleet/digitalocean/pool-health.ts';
import type { DigitalOceanNames } from './names.ts';
import type { DigitalOceanSettings } from './settings.ts';

export interface PoolAlertsArgs {
  names: DigitalOceanNames;
  settings: DigitalOceanSettings;
  tag: pulumi.Output<string>;
  /** The page that answers how the pool is. */
  health: pulumi.Output<string> | undefined;
}

interface Alert {
  name: string;
  says: string;
  metric: string;
  compare: 'GreaterThan' | 'LessThan';
  value: number;
  window: '5m' | '10m' | '30m' | '1h';
}

/**
 * Known only where DigitalOcean's own agent runs on the droplets. Nothing of a load balancer: it tells of each droplet that does not
 * take new work, as one that drains does not.
 */
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
  },
  {
    name: 'disk',
    says: 'The disk of a node is nearly full.',
    metric: 'droplet/disk_utilization_percent',
    compare: 'GreaterThan',
    value: 90,
    window: '10m',
  },
];

/** From where a check asks. One place alone may have trouble of its own on the way. */
const FROM = ['eu_west', 'us_east'];

/**
 * What DigitalOcean itself can measure; and what only the orchestrator knows. DigitalOcean has no alerts by a log or by a
 * metric of one's own, but by a page that does not answer as it should.
 */
export class PoolAlerts extends pulumi.ComponentResource {
  constructor(name: string, args: PoolAlertsArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:digitalocean:PoolAlerts', name, {}, options);
    const { names, settings, tag, health } = args;
    const { notify } = settings.alarms;
    // An alert that nobody hears of is refused.
    if (notify.length > 0) {
      if (settings.digitalocean.monitoring)
        for (const each of OF_DROPLETS) this.alert(name, names, notify, tag, each);
      if (health !== undefined) this.check(name, names, notify, health);
    }
    this.registerOutputs();
  }

  private alert(
    name: string,
    names: DigitalOceanNames,
    emails: string[],
    tag: pulumi.Output<string>,
    { name: what, says, metric, compare, value, window }: Alert,
  ): void {
    new MonitorAlert(
      `${name}-${what}`,
      {
        description: `${names.tag}: ${what}. ${says}`,
        type: `v1/insights/${metric}`,
        compare,
        value,
        window,
        enabled: true,
        alerts: { emails },
        tags: [tag],
      },
      { parent: this },
    );
  }

  private check(
    name: string,
    names: DigitalOceanNames,
    emails: string[],
    target: pulumi.Output<string>,
  ): void {
    const check = new UptimeCheck(
      `${name}-health`,
      { name: names.check, type: 'https', target, regions: FROM, enabled: true },
      { parent: this },
    );
    new UptimeAlert(
      `${name}-unwell`,
      {
        checkId: check.id,
        name: names.check,
        // From everywhere: what but one place finds is trouble on its way.
        type: 'down_global',
        period: CHECK_PERIOD.says,
        // It knows no others for what is down. Without them, each update would take them away again.
        threshold: 1,
        comparison: 'less_than',
        notifications: [{ emails }],
      },
      { parent: this },
    );
  }
}
