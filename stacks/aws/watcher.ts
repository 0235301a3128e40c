import { EventRule, EventTarget } from '@pulumi/aws/cloudwatch/index.js';
import { Permission } from '@pulumi/aws/lambda/index.js';
import * as pulumi from '@pulumi/pulumi';
import type { WatcherSettings } from '../../fleet/aws-function-settings.ts';
import type { Bundle } from '../bundle.ts';
import type { AwsNames } from './names.ts';
import { groupArn, type Place } from './place.ts';
import type { Statement } from './policy.ts';
import { PoolFunction } from './pool-function.ts';
import { registryRights } from './registry-rights.ts';
import type { AwsSettings } from './settings.ts';

export interface WatcherArgs {
  settings: AwsSettings;
  names: AwsNames;
  place: Place;
  bundle: Bundle;
  bucket: { name: pulumi.Output<string>; arn: pulumi.Output<string> };
}

const LARGE = 1_000;

/** Each minute: says how the pool is, and ends retained machines that are empty. */
export class Watcher extends pulumi.ComponentResource {
  readonly functionName: pulumi.Output<string>;

  constructor(name: string, args: WatcherArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:aws:Watcher', name, {}, options);
    const { settings, names, bucket } = args;
    const told = bucket.name.apply(
      (bucketName): WatcherSettings => ({
        pool: settings.pool.name,
        bucket: bucketName,
        group: names.group,
        metricNamespace: names.metricNamespace,
        warnAfterMs: settings.scaleIn.warnAfter,
      }),
    );
    const watcher = new PoolFunction(
      name,
      {
        functionName: names.watcher,
        roleName: names.watcherRole,
        description: `Watches the group ${names.group}`,
        bundle: args.bundle,
        rights: [...registryRights(bucket.arn), ...watcherRights(args)],
        settings: pulumi.jsonStringify(told),
        timeoutSeconds: 50,
        // CPU comes with memory: what reads ten thousand statuses within its time needs a whole one.
        memoryMb: settings.pool.max > LARGE ? 1769 : 512,
        logDays: settings.aws.logDays,
      },
      { parent: this },
    );
    const rule = new EventRule(
      `${name}-minute`,
      { name: names.watcher, description: 'Each minute', scheduleExpression: 'rate(1 minute)' },
      { parent: this },
    );
    const permission = new Permission(
      `${name}-permission`,
      {
        function: watcher.functionName,
        action: 'lambda:InvokeFunction',
        principal: 'events.amazonaws.com',
        sourceArn: rule.arn,
      },
      { parent: this },
    );
    new EventTarget(
      `${name}-target`,
      { rule: rule.name, arn: watcher.arn },
      { parent: this, dependsOn: permission },
    );
    this.functionName = watcher.functionName;
    this.registerOutputs({ functionName: this.functionName });
  }
}

function watcherRights({ names, place }: WatcherArgs): Statement[] {
  return [
    {
      // AWS knows no narrower resource for this action.
      Sid: 'SeeGroups',
      Action: ['autoscaling:DescribeAutoScalingGroups'],
      Resource: ['*'],
    },
    {
      Sid: 'EndRetainedMachines',
      Action: ['autoscaling:TerminateInstanceInAutoScalingGroup'],
      Resource: [groupArn(place, names)],
    },
    {
      // Metrics have no resource; the namespace bounds them.
      Sid: 'WritePoolMetrics',
      Action: ['cloudwatch:PutMetricData'],
      Resource: ['*'],
      Condition: { StringEquals: { 'cloudwatch:namespace': names.metricNamespace } },
    },
  ];
}
