import { ServiceLinkedRole } from '@pulumi/aws/iam/index.js';
import * as pulumi from '@pulumi/pulumi';
import type { PoolAddressOf } from '../../fleet/pool-address.ts';
import { createAwsProvider } from '../../providers/aws/provider.ts';
import { DestroySweep } from '../../providers/destroy-sweep.ts';
import type { Bundle } from '../bundle.ts';
import type { PoolArgs, PoolOutputs } from '../pool.ts';
import { addressOf } from '../pool-address.ts';
import { type Software, softwareOf } from '../software.ts';
import { PoolAlarms } from './alarms.ts';
import { PoolBucket } from './bucket.ts';
import { PoolGroup } from './group.ts';
import { NodeTemplate } from './launch-template.ts';
import { awsNames } from './names.ts';
import { findZones, PoolNetwork } from './network.ts';
import { NodeIdentity } from './node-identity.ts';
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
  software: Software;
  boot: Bundle;
  terminationPolicy: Bundle;
  watcher: Bundle;
}

/** Bundles what the pool runs, and makes the pool. */
export async function createAwsPool({ settings, bundler }: PoolArgs<AwsSettings>): Promise<PoolOutputs> {
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
  const zones = await findZones(settings, { provider });
  const pool = new AwsPool(
    settings.pool.name,
    { settings, zones, software: softwareOf(agent, settings), boot, terminationPolicy, watcher },
    { provider },
  );
  return pool.outputs;
}

/** A fleet of media servers on an Auto Scaling group that shrinks without cutting a call. */
export class AwsPool extends pulumi.ComponentResource {
  readonly outputs: PoolOutputs;

  constructor(name: string, args: AwsPoolArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:aws:Pool', name, {}, options);
    const { settings } = args;
    const { aws, alarms } = settings;
    const { region, profile } = settings.awsProvider;
    const names = awsNames(settings.pool.name, region);
    const place = findPlace(region, { parent: this });
    const parent = { parent: this };

    const network = new PoolNetwork(
      `${name}-network`,
      { title: names.group, settings, zones: args.zones },
      parent,
    );
    const bucket = new PoolBucket(`${name}-bucket`, { prefix: names.bucketPrefix }, parent);
    const { agent, media } = args.software;
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
    const identity = new NodeIdentity(
      `${name}-node`,
      { names, place, bucketArn: bucket.arn, parameters: secrets.parameters },
      parent,
    );
    const template = new NodeTemplate(
      `${name}-template`,
      {
        settings,
        names,
        bucket: bucket.name,
        nodeRoleId: identity.roleId,
        instanceProfileArn: identity.instanceProfileArn,
        securityGroup: network.securityGroup,
        boot: args.boot,
        agent: agent.file,
        media: media?.file,
      },
      parent,
    );
    // The account's own role for groups may not exist yet, and whom it may call is nobody else's to share.
    const groupRole = new ServiceLinkedRole(
      `${name}-group-role`,
      {
        awsServiceName: 'autoscaling.amazonaws.com',
        customSuffix: aws.serviceLinkedRoleSuffix ?? names.groupRoleSuffix,
        description: `The group ${names.group}`,
      },
      parent,
    );
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
              template: template.fingerprint,
              serviceLinkedRoleArn: groupRole.arn,
            },
            parent,
          );
    const watcher = new Watcher(
      `${name}-watcher`,
      { settings, names, place, bundle: args.watcher, bucket },
      parent,
    );
    const group = new PoolGroup(
      `${name}-group`,
      {
        settings,
        names,
        subnets: network.subnets,
        template,
        serviceLinkedRoleArn: groupRole.arn,
        terminationPolicyArn: policy?.arn,
        lives: [
          network,
          bucket,
          software,
          secrets,
          identity,
          watcher,
          ...(policy === undefined ? [] : [policy]),
        ],
      },
      parent,
    );
    const watched = new PoolAlarms(
      `${name}-alarms`,
      {
        names,
        group: group.name,
        watcher: watcher.functionName,
        terminationPolicy: policy?.functionName,
        notify: alarms.notify,
      },
      parent,
    );

    // Whatever is made here is made before the sweep, so that nothing of it goes before the sweep has let it.
    new DestroySweep(
      `${name}-destroy-sweep`,
      {
        code: 'aws/run-sweep.ts',
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
        dependsOn: [
          network,
          bucket,
          software,
          secrets,
          identity,
          template,
          groupRole,
          ...(policy === undefined ? [] : [policy]),
          watcher,
          group,
          watched,
        ],
      },
    );

    this.outputs = {
      cloud: pulumi.output('aws'),
      pool: pulumi.output(settings.pool.name),
      group: group.name,
      registry: bucket.name,
      network: network.id,
      securityGroup: network.securityGroup,
      template: template.fingerprint,
      metrics: pulumi.output(names.metricNamespace),
      address: addressOf<PoolAddressOf<'aws'>>(settings, template.fingerprint, {
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
