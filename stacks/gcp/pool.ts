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
import { PoolGroup } from './group.ts';
import { gcpNames } from './names.ts';
import { PoolNetwork } from './network.ts';
import { NodeIdentity } from './node-identity.ts';
import { findZones } from './preconditions.ts';
import { Pruner } from './pruner.ts';
import { PrunerSchedule } from './pruner-schedule.ts';
import { MediaSecrets } from './secrets.ts';
import type { GcpSettings } from './settings.ts';
import { NodeSoftware } from './software.ts';
import { StoreRoles } from './store-roles.ts';
import { NodeTemplate, nodeFingerprint } from './template.ts';

interface GcpPoolArgs {
  settings: GcpSettings;
  zones: string[];
  software: Software;
  boot: Bundle;
  pruner: Bundle;
}

/** Bundles what the pool runs, and makes the pool. */
export async function createGcpPool({ settings, bundler }: PoolArgs<GcpSettings>): Promise<PoolOutputs> {
  const [agent, boot, pruner] = await Promise.all([
    bundler.agent(),
    bundler.boot('gcp'),
    bundler.functionOf('gcp', 'pruner'),
  ]);
  const provider = createGcpProvider({
    ...settings.gcpProvider,
    labels: { ...settings.gcp.labels, [POOL_LABEL]: settings.pool.name },
  });
  const names = gcpNames(settings.pool.name, settings.gcpProvider);
  const zones = await findZones(settings, names, { provider });
  await checkBalancers(settings, names, { provider });
  const software = softwareOf(agent, settings);
  // A pool of another project or region is another pool also to Pulumi: its new things come, and only then does the sweep
  // of the old ones go, and is asked.
  const { project, region } = settings.gcpProvider;
  const name = `${settings.pool.name}.${project}.${region}`;
  const pool = new GcpPool(name, { settings, zones, software, boot, pruner }, { provider });
  return pool.outputs;
}

/** A fleet of media servers on a managed instance group that only grows, and a function that takes machines out of it. */
export class GcpPool extends pulumi.ComponentResource {
  readonly outputs: PoolOutputs;

  constructor(name: string, args: GcpPoolArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:gcp:Pool', name, {}, options);
    const { settings, software, boot } = args;
    const { project, region } = settings.gcpProvider;
    const pool = settings.pool.name;
    const names = gcpNames(pool, settings.gcpProvider);
    const parent = { parent: this };

    const bucket = new PoolBucket(`${name}-bucket`, { bucketName: names.bucket, region }, parent);
    const store = new StoreRoles(
      `${name}-store`,
      { names, pool, bucketName: names.bucket, bucket: bucket.name, birth: bucket.birth },
      parent,
    );
    const identity = new NodeIdentity(`${name}-node`, { names, pool, store }, parent);
    const network = new PoolNetwork(`${name}-network`, { names, settings, nodes: identity.email }, parent);
    const nodeSoftware = new NodeSoftware(`${name}-software`, { bucket: bucket.name, software }, parent);
    const secrets = new MediaSecrets(`${name}-secrets`, { names, settings, reader: identity.member }, parent);
    const made = nodeFingerprint({ settings, names, boot, software }, parent);
    const pruner = new Pruner(
      `${name}-pruner`,
      {
        settings,
        names,
        bundle: args.pruner,
        bucket: bucket.name,
        store,
        birth: bucket.birth,
        template: made.fingerprint,
        nodes: identity.member,
      },
      parent,
    );
    const template = new NodeTemplate(
      `${name}-template`,
      {
        settings,
        names,
        subnet: network.subnet,
        nodeAccount: identity.email,
        boot,
        software,
        made,
        prunerUrl: pruner.url,
      },
      parent,
    );
    const group = new PoolGroup(
      `${name}-group`,
      {
        settings,
        names,
        zones: args.zones,
        template: template.selfLink,
        lives: [network, bucket, store, nodeSoftware, secrets, identity, pruner],
      },
      parent,
    );
    const schedule = new PrunerSchedule(
      `${name}-pruner-schedule`,
      { settings, names, pruner },
      { parent: this, dependsOn: group },
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
        code: 'gcp/run-sweep.ts',
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
        dependsOn: [
          bucket,
          store,
          identity,
          network,
          nodeSoftware,
          secrets,
          pruner,
          template,
          group,
          schedule,
          watched,
        ],
      },
    );

    this.outputs = {
      cloud: pulumi.output('gcp'),
      pool: pulumi.output(pool),
      group: group.name,
      registry: bucket.name,
      network: network.id,
      securityGroup: identity.email,
      template: made.fingerprint,
      metrics: pulumi.output(names.metricPrefix),
      address: addressOf<PoolAddressOf<'gcp'>>(settings, made.fingerprint, {
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
