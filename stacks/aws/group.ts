import { Group, LifecycleHook, Policy } from '@pulumi/aws/autoscaling/index.js';
import type { Metric } from '@pulumi/aws/types/enums/autoscaling/index.js';
import * as pulumi from '@pulumi/pulumi';
import { formatDuration } from '../../fleet/duration.ts';
import { seconds } from '../seconds.ts';
import type { AwsNames } from './names.ts';
import type { AwsSettings } from './settings.ts';

export interface PoolGroupArgs {
  settings: AwsSettings;
  names: AwsNames;
  subnets: pulumi.Input<string>[];
  template: { id: pulumi.Input<string>; version: pulumi.Input<string> };
  serviceLinkedRoleArn: pulumi.Input<string>;
  /** The function that picks who leaves; absent where AWS picks. */
  terminationPolicyArn?: pulumi.Input<string> | undefined;
  /** What must be there for as long as there are nodes: made before the group, destroyed after it. */
  lives: pulumi.Resource[];
}

/** Of a group without its sweep (the first `pulumi up` failed): how long its deletion waits for calls to end. */
const DESTROY_WAIT = '60m';
/** Of whom the alarms, and people, hear how many machines there are, and in which state. */
export const SIZE_METRICS: string[] = [
  'GroupMinSize',
  'GroupMaxSize',
  'GroupDesiredCapacity',
  'GroupInServiceInstances',
  'GroupPendingInstances',
  'GroupStandbyInstances',
  'GroupTerminatingInstances',
  'GroupTerminatingRetainedInstances',
  'GroupTotalInstances',
];

/** The group that AWS scales, in such a way that no node goes before its agent lets it. */
export class PoolGroup extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: PoolGroupArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:aws:PoolGroup', name, {}, options);
    const { settings, names } = args;
    const { pool, scaling, aws } = settings;
    const hooks = lifecycleHooks(settings, names);

    const group = new Group(
      name,
      {
        name: names.group,
        minSize: pool.min,
        maxSize: pool.max,
        desiredCapacity: pool.initial ?? pool.min,
        vpcZoneIdentifiers: args.subnets,
        launchTemplate: { id: args.template.id, version: args.template.version },
        // Declared at creation: the first nodes are covered too.
        initialLifecycleHooks: hooks,
        // A hook that nobody answers retains the machine: a dead agent never ends a call.
        instanceLifecyclePolicy: { retentionTriggers: { terminateHookAbandon: 'retain' } },
        terminationPolicies:
          args.terminationPolicyArn === undefined ? ['Default'] : [args.terminationPolicyArn, 'Default'],
        serviceLinkedRoleArn: args.serviceLinkedRoleArn,
        healthCheckType: 'EC2',
        defaultInstanceWarmup: seconds(scaling.warmUp),
        // The SDK's list of metrics is older than the last but one.
        enabledMetrics: SIZE_METRICS as Metric[],
        metricsGranularity: '1Minute',
        // Long enough for a first node whose hook times out to be replaced once.
        waitForCapacityTimeout: formatDuration(2 * aws.launchTimeout + 5 * 60_000),
        tags: Object.entries({ ...aws.tags, Name: names.group, 'ebbtide:pool': pool.name }).map(
          ([key, value]) => ({
            key,
            value,
            propagateAtLaunch: true,
          }),
        ),
      },
      {
        parent: this,
        dependsOn: args.lives,
        // The size is the cloud's to choose. Hooks given at creation cannot change but by a new group: see below.
        ignoreChanges: ['desiredCapacity', 'initialLifecycleHooks'],
        customTimeouts: { delete: DESTROY_WAIT },
        // What has a name the provider would delete before it makes it anew: a replacement is to fail, with nothing deleted.
        deleteBeforeReplace: false,
      },
    );
    for (const { name: hook, ...hookArgs } of hooks) {
      new LifecycleHook(
        `${name}-${hookArgs.lifecycleTransition.endsWith('LAUNCHING') ? 'launch' : 'terminate'}`,
        { name: hook, autoscalingGroupName: group.name, ...hookArgs },
        // The same hooks again, so that their timeouts can change. On destroy they must outlive the nodes: they go
        // with the group, not before it.
        { parent: this, retainOnDelete: true },
      );
    }
    this.addScaling(name, group.name, scaling);
    this.name = group.name;
    this.registerOutputs({ name: this.name });
  }

  private addScaling(name: string, group: pulumi.Output<string>, scaling: AwsSettings['scaling']): void {
    switch (scaling.kind) {
      case 'none':
        return;
      case 'cpu':
        new Policy(
          `${name}-cpu`,
          {
            name: 'cpu',
            autoscalingGroupName: group,
            policyType: 'TargetTrackingScaling',
            estimatedInstanceWarmup: seconds(scaling.warmUp),
            targetTrackingConfiguration: {
              predefinedMetricSpecification: { predefinedMetricType: 'ASGAverageCPUUtilization' },
              targetValue: scaling.target,
            },
          },
          { parent: this },
        );
        return;
      default:
        scaling satisfies never;
    }
  }
}

/** Whatever leaves waits for its agent. One that nobody answers is retained: see the group's lifecycle policy. */
export function terminateHook({ aws }: AwsSettings, names: AwsNames) {
  return {
    name: names.terminateHook,
    lifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
    heartbeatTimeout: seconds(aws.heartbeatTimeout),
    defaultResult: 'ABANDON',
  };
}

function lifecycleHooks(settings: AwsSettings, names: AwsNames) {
  return [
    {
      name: names.launchHook,
      lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
      heartbeatTimeout: seconds(settings.aws.launchTimeout),
      defaultResult: 'ABANDON',
    },
    terminateHook(settings, names),
  ];
}
