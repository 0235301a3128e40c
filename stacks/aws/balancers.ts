import { getSubnet } from '@pulumi/aws/ec2/getSubnet.js';
import { getLoadBalancer } from '@pulumi/aws/lb/getLoadBalancer.js';
import { getTargetGroup } from '@pulumi/aws/lb/getTargetGroup.js';
import * as pulumi from '@pulumi/pulumi';
import { describeError } from '../../fleet/error.ts';
import { configKey, type Problem, SettingsError } from '../settings-errors.ts';
import { balancerProblems, balancerWarnings, type TargetGroup } from './balancer-rules.ts';
import type { AwsSettings } from './settings.ts';

/** From where load balancers come to the nodes: by their security groups, or, of those without any, by their subnets' ranges. */
export interface BalancerWays {
  securityGroups: string[];
  ranges: string[];
}

/** Of target groups that are there already. What would bring nobody to a node, or cut who is there, is told before anything is made. */
export async function findBalancers(
  settings: AwsSettings,
  options: pulumi.InvokeOptions,
): Promise<BalancerWays> {
  const { balancers } = settings.network;
  const found = await Promise.all(
    balancers.map((arn, index) => readTargetGroup(arn, `network.balancers[${index}]`, options)),
  );
  const each = (rule: (of: TargetGroup, key: string, settings: AwsSettings) => Problem[]) =>
    found.flatMap((group, index) => rule(group, `network.balancers[${index}]`, settings));
  const problems = each(balancerProblems);
  if (problems.length > 0) throw new pulumi.RunError(new SettingsError(problems).message);
  for (const { key, says } of each(balancerWarnings)) await pulumi.log.warn(`${configKey(key)} ${says}`);

  const arns = [...new Set(found.flatMap(({ loadBalancerArns }) => loadBalancerArns))].sort();
  const ways = await Promise.all(arns.map((arn) => waysOf(arn, options)));
  return {
    securityGroups: unique(ways.flatMap(({ securityGroups }) => securityGroups)),
    ranges: unique(ways.flatMap(({ ranges }) => ranges)),
  };
}

async function readTargetGroup(
  arn: string,
  key: string,
  options: pulumi.InvokeOptions,
): Promise<TargetGroup> {
  try {
    return await getTargetGroup({ arn }, options);
  } catch (error) {
    throw new pulumi.RunError(`${configKey(key)} is "${arn}": it cannot be read. ${describeError(error)}`);
  }
}

async function waysOf(arn: string, options: pulumi.InvokeOptions): Promise<BalancerWays> {
  const { securityGroups, subnets } = await getLoadBalancer({ arn }, options);
  if (securityGroups.length > 0) return { securityGroups, ranges: [] };
  const found = await Promise.all(subnets.map((id) => getSubnet({ id }, options)));
  return { securityGroups: [], ranges: found.map(({ cidrBlock }) => cidrBlock) };
}

function unique(list: string[]): string[] {
  return [...new Set(list)].sort();
}
