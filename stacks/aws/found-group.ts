import * as pulumi from '@pulumi/pulumi';
import { createAwsClient } from '../../fleet/aws/client.ts';
import { type DescribedGroup, describeGroup } from '../../fleet/aws/described-group.ts';
import { operatorCredentials } from '../../fleet/aws/operator-credentials.ts';
import { describeError } from '../../fleet/error.ts';
import { configKey, SettingsError } from '../settings-errors.ts';
import { groupProblems, groupWarnings } from './group-rules.ts';
import { awsNames } from './names.ts';
import type { AwsSettings } from './settings.ts';

/** The operator's own group, as far as a pool depends on it. */
export interface FoundGroup {
  sizes: { min: number; max: number };
  serviceLinkedRoleArn: string;
}

const TIMEOUT_MS = 30_000;

/** Looks at it before anything is made: what would cut calls, or make `up` fail half-way, is told all at once. */
export async function findGroup(
  settings: AwsSettings,
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<FoundGroup> {
  const { region } = settings.awsProvider;
  const group = await read(settings, name, environment);
  if (group === undefined) {
    throw new pulumi.RunError(
      `ebbtide:pool.existingGroup is "${name}": there is no such Auto Scaling group in ${region}, in the account of these ` +
        'credentials (`aws autoscaling describe-auto-scaling-groups`)',
    );
  }
  const names = awsNames(settings.pool.name, region, name);
  const problems = groupProblems(group, settings, names);
  const { serviceLinkedRoleArn } = group;
  if (problems.length > 0 || serviceLinkedRoleArn === undefined)
    throw new pulumi.RunError(new SettingsError(problems).message);
  for (const { key, says } of groupWarnings(group)) await pulumi.log.warn(`${configKey(key)} ${says}`);
  return { sizes: group.sizes, serviceLinkedRoleArn };
}

async function read(
  { awsProvider: { region, profile } }: AwsSettings,
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<DescribedGroup | undefined> {
  const client = createAwsClient({
    region,
    credentials: operatorCredentials(profile),
    environment,
    timeoutMs: TIMEOUT_MS,
  });
  try {
    return await describeGroup(client, name);
  } catch (error) {
    throw new pulumi.RunError(
      `ebbtide:pool.existingGroup is "${name}": it cannot be read in ${region}, and nothing is done before it is ` +
        `(autoscaling:DescribeAutoScalingGroups, autoscaling:DescribeLifecycleHooks): ${describeError(error)}`,
    );
  }
}
