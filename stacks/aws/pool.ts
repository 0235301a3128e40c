import * as pulumi from '@pulumi/pulumi';
import type { PoolAddressOf } from '../../fleet/pool-address.ts';
import { createAwsProvider } from '../../providers/aws/provider.ts';
import { DestroySweep } from '../../providers/destroy-sweep.ts';
import type { Bundle } from '../bundle.ts';
import type { PoolArgs, PoolOutputs } from '../pool.ts';
import { addressOf } from '../pool-address.ts';
import { type Software, softwareOf } from '../software.ts';
import { PoolAlarms } from './alarms.ts';
import { type BalancerWays, findBalancers } from './balancers.ts';
import { PoolBucket } from './bucket.ts';
import { existingMachines } from './existing-machines.ts';
import { type FoundGroup, findGroup } from './found-group.ts';
import { awsNames } from './names.ts';
import { findZones } from './network.ts';
import { ownMachines } from './own-machines.ts';
import { SecretParameters } from './parameters.ts';
import { findPlace } from './place.ts';
import type { AwsSettings } from './settings.ts';
import { NodeSoftware } from './software.ts';
import { TerminationPolicy } from './termination-policy.ts';
import { Watcher } from './watcher.ts';

interface AwsPoolArgs {
  settings: AwsSettings;
  /** Of a network that is created. */
  zones: string[];
  /** Of a network that is created, or is there. */
  balancers: BalancerWays;
  /** The operator's own group, where the pool is to have that. */
  existing?: FoundGroup | undefined;
  software: Software;
  boot: Bundle;
  terminationPolicy: Bundle;
  watcher: Bundle;
}

/** Bundles what the pool runs, and makes the pool. */
export async function createAwsPool(
  { settings, bundler }: PoolArgs<AwsSettings>,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<PoolOutputs> {
  const [agent, boot, terminationPolicy, watcher] = await Promise.all([
    bundler.agent(),
    bundler.boot('aws'),
    bundler.functionOf('aws', 'termination-policy'),
    bundler.functionOf('aws', 'watcher'),
  ]);
  const provider = createAwsProvider({
    ...settings.awsProvider,
    tags: { ...settings.aws.tags, 'ebbtide:pool': settings.pool.name },
  });
  const software = softwareOf(agent, settings);
  const bundles = { software, boot, terminationPolicy, watcher };
  const balancers = await findBalancers(settings, { provider });
  const pool = new AwsPool(
    settings.pool.name,
    { ...(await placeOfNodes(settings, { provider }, environment)), balancers, ...bundles },
    { provider },
  );
  return pool.outputs;
}

/** A network's zones, or the operator's own group, which has its sizes already. */
async function placeOfNodes(
  settings: AwsSettings,
  options: pulumi.InvokeOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Pick<AwsPoolArgs, 'settings' | 'zones' | 'existing'>> {
  const { existingGroup } = settings.pool;
  if (existingGroup === undefined) return { settings, zones: await findZones(settings, options) };
  const existing = await findGroup(settings, existingGroup, environment);
  const { min, max } = existing.sizes;
  return { settings: { ...settings, pool: { ...settings.pool, min, max } }, zones: [], existing };
}

/** A fleet of media servers on an Auto Scaling group that shrinks without cutting a call. */
export class AwsPool extends pulumi.ComponentResource {
  readonly outputs: PoolOutputs;

  constructor(name: string, args: AwsPoolArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:aws:Pool', name, {}, options);
    const { settings } = args;
    const { alarms } = settings;
    const { region, profile } = settings.awsProvider;
    const names = awsNames(settings.pool.name, region, settings.pool.existingGroup);
    const place = findPlace(region, { parent: this });
    const parent = { parent: this };

    const bucket = new PoolBucket(`${name}-bucket`, { prefix: names.bucketPrefix }, parent);
    const software = new NodeSoftware(
      `${name}-software`,
      { bucket: bucket.name, software: args.software },
      parent,
    );
    const secrets = new SecretParameters(
      `${name}-secrets`,
      { names, secrets: settings.mediaSecrets },
      parent,
    );
    const given = { settings, names, place, bucket, secrets, software: args.software, boot: args.boot };
    const machines =
      args.existing === undefined
        ? ownMachines(name, { ...given, zones: args.zones, balancers: args.balancers }, parent)
        : existingMachines(name, { ...given, existing: args.existing }, parent);
    const policy =
      settings.scaleIn.victim === 'native'
        ? undefined
        : new TerminationPolicy(
            `${name}-termination-policy`,
            {
              settings,
              names,
              bundle: args.terminationPolicy,
              bucket,
              template: machines.template,
              serviceLinkedRoleArn: machines.serviceLinkedRoleArn,
            },
            parent,
          );
    const watcher = new Watcher(
      `${name}-watcher`,
      { settings, names, place, bundle: args.watcher, bucket },
      parent,
    );
    const functions = [...(policy === undefined ? [] : [policy]), watcher];
    const group = machines.scale({
      terminationPolicyArn: policy?.arn,
      lives: [bucket, software, secrets, ...functions],
    });
    const watched = new PoolAlarms(
      `${name}-alarms`,
      {
        names,
        group: group.name.apply(() => names.pool),
        watcher: watcher.functionName,
        terminationPolicy: policy,
        notify: alarms.notify,
      },
      parent,
    );

    // Whatever is made here is made before the sweep, so that nothing of it goes before the sweep has let it.
    new DestroySweep(
      `${name}-destroy-sweep`,
      {
        ...machines.sweep,
        state: {
          pool: settings.pool.name,
          group: names.group,
          terminateHook: names.terminateHook,
          bucket: bucket.name,
          region,
          ...(profile === undefined ? {} : { profile }),
        },
      },
      {
        parent: this,
        dependsOn: [bucket, software, secrets, ...functions, ...group.resources, watched],
      },
    );

    this.outputs = {
      cloud: pulumi.output('aws'),
      pool: pulumi.output(settings.pool.name),
      group: group.name,
      registry: bucket.name,
      ...machines.outputs,
      template: machines.template,
      metrics: pulumi.output(names.metricNamespace),
      address: addressOf<PoolAddressOf<'aws'>>(settings, machines.template, {
        cloud: 'aws',
        region,
        ...(profile === undefined ? {} : { profile }),
        group: group.name,
        bucket: bucket.name,
      }),
    };
    this.registerOutputs({ ...this.outputs });
  }
}
