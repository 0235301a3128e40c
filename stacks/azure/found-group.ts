import { getClientToken } from '@pulumi/azure-native/authorization/getClientToken.js';
import * as pulumi from '@pulumi/pulumi';
import { createAzureClient } from '../../fleet/azure/client.ts';
import { type DescribedSet, describeSet } from '../../fleet/azure/described-set.ts';
import { managerEndpoint } from '../../fleet/azure/endpoints.ts';
import { describeError } from '../../fleet/error.ts';
import { configKey, SettingsError } from '../settings-errors.ts';
import { groupProblems, groupWarnings } from './group-rules.ts';
import type { AzureSettings } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The operator's own scale set, as far as a pool depends on it. */
export interface FoundGroup {
  scaleSet: string;
  /** undefined where it has none. */
  autoscale: string | undefined;
  /** Who its machines are. */
  identity: { id: string; principalId: string };
}

const TIMEOUT_MS = 30_000;

/** Looks at it before anything is made: what would cut calls, or make `up` fail half-way, is told all at once. */
export async function findGroup(
  settings: AzureSettings,
  name: string,
  options: pulumi.InvokeOptions,
  environment: Environment,
): Promise<FoundGroup> {
  const { resourceGroup = '' } = settings.azure;
  const set = await read(settings, { resourceGroup, name }, options, environment);
  if (set === undefined) {
    throw new pulumi.RunError(
      `ebbtide:pool.existingGroup is "${name}": there is no such scale set in ebbtide:azure.resourceGroup, which is ${resourceGroup} ` +
        '(`az vmss list --output table`)',
    );
  }
  const problems = groupProblems(set, settings);
  const [identity] = set.identities;
  if (problems.length > 0 || identity === undefined)
    throw new pulumi.RunError(new SettingsError(problems).message);
  for (const { key, says } of groupWarnings(set)) await pulumi.log.warn(`${configKey(key)} ${says}`);
  return { scaleSet: name, autoscale: set.autoscale?.name, identity };
}

async function read(
  { azureProvider: { subscriptionId } }: AzureSettings,
  { resourceGroup, name }: { resourceGroup: string; name: string },
  options: pulumi.InvokeOptions,
  environment: Environment,
): Promise<DescribedSet | undefined> {
  const client = createAzureClient({
    base: managerEndpoint(environment),
    token: async () => (await getClientToken({}, options)).token,
    timeoutMs: TIMEOUT_MS,
  });
  try {
    return await describeSet(client, { subscriptionId, resourceGroup, scaleSet: name });
  } catch (error) {
    throw new pulumi.RunError(
      `ebbtide:pool.existingGroup is "${name}": it cannot be read in ${resourceGroup}, and nothing is done before it is ` +
        `(Microsoft.Compute/virtualMachineScaleSets/read, Microsoft.Insights/autoscaleSettings/read): ${describeError(error)}`,
    );
  }
}
