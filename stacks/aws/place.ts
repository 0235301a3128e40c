import { getCallerIdentityOutput } from '@pulumi/aws/getCallerIdentity.js';
import { getPartitionOutput } from '@pulumi/aws/getPartition.js';
import * as pulumi from '@pulumi/pulumi';
import type { AwsNames } from './names.ts';

/** Where a pool is, as far as ARNs need it. */
export interface Place {
  partition: pulumi.Output<string>;
  account: pulumi.Output<string>;
  region: string;
}

export function findPlace(region: string, options: pulumi.InvokeOptions): Place {
  return {
    partition: getPartitionOutput({}, options).partition,
    account: getCallerIdentityOutput({}, options).accountId,
    region,
  };
}

/** The group's ARN as far as it is known before the group: AWS puts a generated id where the star is. */
export function groupArn(place: Place, names: AwsNames): pulumi.Output<string> {
  const { partition, account, region } = place;
  return pulumi.interpolate`arn:${partition}:autoscaling:${region}:${account}:autoScalingGroup:*:autoScalingGroupName/${names.group}`;
}

export function parameterArn(place: Place, parameter: string): pulumi.Output<string> {
  return pulumi.interpolate`arn:${place.partition}:ssm:${place.region}:${place.account}:parameter${parameter}`;
}
