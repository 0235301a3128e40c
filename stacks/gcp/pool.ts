import * as pulumi from '@pulumi/pulumi';
import { POOL_LABEL } from '../../fleet/gcp/compute.ts';
import type { PoolAddressOf } from '../../fleet/pool-address.ts';
import { DestroySweep } from '../../providers/destroy-sweep.ts';
import { createGcpProvider } from '../../providers/gcp/provider.ts';
import type { Bundle } from '../bundle.ts';
import type { PoolArgs, PoolOutputs } from '../pool.ts';
import { addressOf } from '../pool-address.ts';
import { type Software, softwareOf } from '../software.ts';
import { PoolAlerts } from './alerts.ts';
import { checkBalancers } from './balancers.ts';
import { PoolBucket } from './bucket.ts';
import { existingMachines } from './existing-machines.ts';
import { type FoundGroup, findGroup } from './found-group.ts';
import { gcpNames } from './names.ts';
import { ownMachines } from './own-machines.ts';
import { checkApis, findZones } from './preconditions.ts';
import { Pruner } from './pruner.ts';
import { PrunerSchedule } from './pruner-schedule.ts';
import { MediaSecrets } from './secrets.ts';
import type { GcpSettings } from './settings.ts';
import { NodeSoftware } from './software.ts';
import { StoreRoles } from './store-roles.ts';

interface GcpPoolArgs {
  settings: GcpSettings;
  zones: string[];
  /** The operator's own group, where the pool is to have that. */
  existing?: FoundGroup | undefined;
  software: Software;
  boot: Bundle;
  pruner: Bundle;
}

/** Bundles what the pool runs, and makes the pool. */
export async function createGcpPool(
  { settings, bundler }: PoolArgs<GcpSettings>,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<PoolOutputs> {
  const [agent, boot, pruner] = await Promise.all([
    bundler.agent(),
    bundler.boot('gcp'),
    bundler.functionOf('gcp', 'pruner'),
  ]);
  const provider = createGcpProvider({
    ...settings.gcpProvider,
    labels: { ...settings.gcp.labels, [POOL_LABEL]: settings.pool.name },
  });
  const place = await placeOfNodes(settings, { provider }, environment);
  await checkBalancers(settings, gcpNames(settings.pool.name, settings.gcpProvider), { provider });
  const software = softwareOf(agent, settings);
  // A pool of another project or region is another pool also to Pulumi: its new things come, and only then does the sweep
  // of the old ones go, and is asked.
  const { project, region } = settings.gcpProvider;
  const name = `${settings.pool.name}.${project}.${region}`;
  const pool = new GcpPool(name, { settings, ...place, software, boot, pruner }, { provider });
  return pool.outputs;
}

/** A new group's zones, or the operator's own group. */
async function placeOfNodes(
  settings: GcpSettings,
  options: pulumi.InvokeOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Pick<GcpPoolArgs, 'zones' | 'existing'>> {
  const { existingGroup } = settings.pool;
  if (existingGroup === undefined) {
    const names = gcpNames(settings.pool.name, settings.gcpProvider);
    return { zones: await findZones(settings, names, options) };
  }
  await checkApis(settings, options);
  return { zones: [], existing: await findGroup(settings, existingGroup, environment) };
}

/** A fleet of media servers on a managed instance group that only grows, and a function that takes machines out of it. */
export class GcpPool extends pulumi.ComponentResource {
  readonly outputs: PoolOutputs;

  constructor(name: string, args: GcpPoolArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:gcp:Pool', name, {}, options);
    const { settings, software, boot } = args;
    const { project, region } = settings.gcpProvider;
    const pool = settings.pool.name;
    const names = gcpNames(pool, settings.gcpProvider, args.existing);
    const parent = { parent: this };

    const bucket = new PoolBucket(`${name}-bucket`, { bucketName: names.bucket, region }, parent);
    const store = new StoreRoles(
      `${name}-store`,
      { names, pool, bucketName: names.bucket, bucket: bucket.name, birth: bucket.birth },
      parent,
    );
    const nodeSoftware = new NodeSoftware(`${name}-software`, { bucket: bucket.name, software }, parent);
    const given = { settings, names, bucket: bucket.name, store, software, boot };
    const machines =
      args.existing === undefined
        ? ownMachines(name, { ...given, zones: args.zones }, parent)
        : existingMachines(name, { ...given, existing: args.existing }, parent);
    const secrets = new MediaSecrets(`${name}-secrets`, { names, settings, reader: machines.member }, parent);
    const pruner = new Pruner(
      `${name}-pruner`,
      {
        settings,
        names,
        bundle: args.pruner,
        bucket: bucket.name,
        store,
        birth: bucket.birth,
        template: machines.template,
        nodes: machines.member,
      },
      parent,
    );
    const group = machines.scale({
      prunerUrl: pruner.url,
      lives: [bucket, store, nodeSoftware, secrets, pruner],
    });
    const schedule = new PrunerSchedule(
      `${name}-pruner-schedule`,
      { settings, names, pruner },
      { parent: this, dependsOn: group.resources },
    );
    const watched = new PoolAlerts(
      `${name}-alerts`,
      { names, pool, pruner: pruner.functionName, notify: settings.alarms.notify },
      // What is not woken yet is silent.
      { parent: this, dependsOn: schedule },
    );

    // Whatever is made here is made before the sweep, so that nothing of it goes before the sweep has let it.
    new DestroySweep(
      `${name}-destroy-sweep`,
      {
        ...machines.sweep,
        state: {
          pool,
          group: names.group,
          autoscaler: names.autoscaler,
          bucket: bucket.name,
          project,
          region,
        },
      },
      {
        parent: this,
        dependsOn: [bucket, store, nodeSoftware, secrets, pruner, ...group.resources, schedule, watched],
      },
    );

    this.outputs = {
      cloud: pulumi.output('gcp'),
      pool: pulumi.output(pool),
      group: group.name,
      registry: bucket.name,
      ...machines.outputs,
      template: machines.template,
      metrics: pulumi.output(names.metricPrefix),
      address: addressOf<PoolAddressOf<'gcp'>>(settings, machines.template, {
        cloud: 'gcp',
        project,
        region,
        group: group.name,
        autoscaler: names.autoscaler,
        bucket: bucket.name,
      }),
    };
    this.registerOutputs({ ...this.outputs });
  }
}
