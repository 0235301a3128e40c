import * as pulumi from '@pulumi/pulumi';
import { describeError } from '../../fleet/error.ts';
import { createGcpClient } from '../../fleet/gcp/client.ts';
import { type DescribedGroup, describeGroup } from '../../fleet/gcp/described-group.ts';
import { operatorToken } from '../../fleet/gcp/operator-token.ts';
import { configKey, SettingsError } from '../settings-errors.ts';
import { groupProblems, groupWarnings } from './group-rules.ts';
import type { GcpSettings } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The operator's own group, as far as a pool depends on it. */
export interface FoundGroup {
  group: string;
  instanceBase: string;
  /** undefined where it has none. */
  autoscaler: string | undefined;
}

const TIMEOUT_MS = 30_000;

/** Looks at it before anything is made: what would cut calls, or make `up` fail half-way, is told all at once. */
export async function findGroup(
  settings: GcpSettings,
  name: string,
  environment: Environment,
): Promise<FoundGroup> {
  const { project, region } = settings.gcpProvider;
  const group = await read(settings, name, environment);
  if (group === undefined) {
    throw new pulumi.RunError(
      `ebbtide:pool.existingGroup is "${name}": ${region} has no such regional managed instance group in the project ${project}. ` +
        'A group of one zone cannot be a pool: make a regional one of the same template ' +
        '(`gcloud compute instance-groups managed list`)',
    );
  }
  const problems = groupProblems(group, settings);
  if (problems.length > 0) throw new pulumi.RunError(new SettingsError(problems).message);
  for (const { key, says } of groupWarnings(group)) await pulumi.log.warn(`${configKey(key)} ${says}`);
  return { group: name, instanceBase: group.baseInstanceName, autoscaler: group.autoscaler?.name };
}

async function read(
  { gcpProvider }: GcpSettings,
  group: string,
  environment: Environment,
): Promise<DescribedGroup | undefined> {
  const { project, region } = gcpProvider;
  const client = createGcpClient({
    token: operatorToken(environment),
    environment,
    timeoutMs: TIMEOUT_MS,
  });
  try {
    return await describeGroup(client, { project, region, group });
  } catch (error) {
    throw new pulumi.RunError(
      `ebbtide:pool.existingGroup is "${group}": it cannot be read in ${region}, and nothing is done before it is ` +
        `(compute.instanceGroupManagers.get, compute.autoscalers.get): ${describeError(error)}`,
    );
  }
}
