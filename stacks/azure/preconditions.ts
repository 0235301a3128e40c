import { getVirtualMachineScaleSet } from '@pulumi/azure-native/compute/getVirtualMachineScaleSet.js';
import { getResourceGroup } from '@pulumi/azure-native/resources/getResourceGroup.js';
import * as pulumi from '@pulumi/pulumi';
import { describeError } from '../../fleet/error.ts';
import type { AzureNames } from './names.ts';
import type { AzureSettings } from './settings.ts';

/** On everything that takes tags, nodes too. */
export const POOL_TAG = 'ebbtide-pool';

/** What an absent thing is answered with, in the words of the resource manager. */
const ABSENT = /ResourceNotFound|ResourceGroupNotFound|\bnot found\b|\b404\b/i;
const OTHER_SUBSCRIPTION = /SubscriptionNotFound|InvalidSubscriptionId|InvalidAuthenticationTokenTenant/i;

/**
 * How many instances the scale set is to have: as many as it has, or, where there is none yet, as many as are asked for.
 * Whatever would make `up` fail half-way is looked at first: another subscription, an absent resource group, a scale set
 * of that name that is not ours.
 */
export async function findCapacity(
  settings: AzureSettings,
  names: AzureNames,
  options: pulumi.InvokeOptions,
): Promise<number> {
  await checkResourceGroup(settings, options);
  const { pool } = settings;
  const found = await readScaleSet(settings, names, options);
  if (found === undefined) return pool.initial ?? pool.min;
  if (found.tags?.[POOL_TAG] !== pool.name) {
    throw new pulumi.RunError(
      `ebbtide:pool.name is "${pool.name}": the resource group ${names.resourceGroup} has a scale set ${names.scaleSet} already, ` +
        'which is not this pool: choose another name, or delete that set',
    );
  }
  const capacity = found.sku?.capacity;
  if (capacity === undefined) {
    throw new pulumi.RunError(
      `the scale set ${names.scaleSet} does not say how many instances it has, and must not be written without that: try again`,
    );
  }
  return capacity;
}

/** One that is to be there already. Of one that is created, the provider itself refuses what is there already. */
async function checkResourceGroup(
  { azure, azureProvider }: AzureSettings,
  options: pulumi.InvokeOptions,
): Promise<void> {
  const { resourceGroup } = azure;
  if (resourceGroup === undefined) return;
  try {
    await getResourceGroup({ resourceGroupName: resourceGroup }, options);
  } catch (error) {
    const reason = describeError(error);
    if (!ABSENT.test(reason) || OTHER_SUBSCRIPTION.test(reason)) throw unreadable(azureProvider, reason);
    throw new pulumi.RunError(
      `ebbtide:azure.resourceGroup is "${resourceGroup}": there is no such group in azure-native:subscriptionId, which is ` +
        `${azureProvider.subscriptionId}. Leave it out, and one is created`,
    );
  }
}

/** Only where Azure says that there is none, there is none: a guess would be written as the set's size. */
async function readScaleSet(
  { azureProvider }: AzureSettings,
  { resourceGroup, scaleSet }: AzureNames,
  options: pulumi.InvokeOptions,
) {
  try {
    return await getVirtualMachineScaleSet(
      { resourceGroupName: resourceGroup, vmScaleSetName: scaleSet },
      options,
    );
  } catch (error) {
    const reason = describeError(error);
    if (ABSENT.test(reason) && !OTHER_SUBSCRIPTION.test(reason)) return undefined;
    throw unreadable(azureProvider, reason);
  }
}

function unreadable({ subscriptionId }: AzureSettings['azureProvider'], reason: string): pulumi.RunError {
  return new pulumi.RunError(
    `azure-native:subscriptionId is "${subscriptionId}": what is there cannot be read. Is it the pool's subscription, and are ` +
      `these credentials of its directory (\`az account set --subscription …\`)? Azure says: ${reason}`,
  );
}
