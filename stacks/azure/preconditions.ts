import { getClientToken } from '@pulumi/azure-native/authorization/getClientToken.js';
import {
  getVirtualMachineScaleSet,
  getVirtualMachineScaleSetOutput,
} from '@pulumi/azure-native/compute/getVirtualMachineScaleSet.js';
import { getResourceGroup } from '@pulumi/azure-native/resources/getResourceGroup.js';
import * as pulumi from '@pulumi/pulumi';
import { type AzureClient, createAzureClient } from '../../fleet/azure/client.ts';
import { managerEndpoint } from '../../fleet/azure/endpoints.ts';
import { describeError } from '../../fleet/error.ts';
import { configKey, type Problem, SettingsError } from '../settings-errors.ts';
import { POOL_TAG, refuseElsewhere } from './elsewhere.ts';
import { DEFAULT_MACHINE_TYPE } from './machine.ts';
import { type MachineRoom, readMachineRoom } from './machine-room.ts';
import type { AzureNames } from './names.ts';
import { roomProblems, roomWarnings, sizeWarnings } from './room-rules.ts';
import type { AzureSettings } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A region has thousands of sizes. */
const TIMEOUT_MS = 30_000;

/** What an absent thing is answered with, in the words of the resource manager. */
const ABSENT = /ResourceNotFound|ResourceGroupNotFound|\bnot found\b|\b404\b/i;
const OTHER_SUBSCRIPTION = /SubscriptionNotFound|InvalidSubscriptionId|InvalidAuthenticationTokenTenant/i;

/** How many instances the scale set is to have. */
export interface PoolCapacity {
  /** As the program begins. */
  now: number;
  /**
   * When these are there, which may take minutes: autoscale and the runbook go on meanwhile, and an older number that is
   * written deletes what goes beyond it.
   */
  after(resources: pulumi.Resource[]): pulumi.Output<number>;
}

/**
 * How many instances the scale set is to have: as many as it has, or, where there is none yet, as many as are asked for.
 * Whatever would make `up` fail half-way is looked at first: another subscription, an absent resource group, a scale set
 * of that name that is not ours, one of ours in another group.
 */
export async function findCapacity(
  settings: AzureSettings,
  names: AzureNames,
  options: pulumi.InvokeOptions,
  environment: Environment,
): Promise<PoolCapacity> {
  await checkResourceGroup(settings, options);
  const { pool } = settings;
  const client = createAzureClient({
    base: managerEndpoint(environment),
    token: async () => (await getClientToken({}, options)).token,
    timeoutMs: TIMEOUT_MS,
  });
  const there = await readCapacity(settings, names, options);
  if (there === undefined) {
    await refuseElsewhere(client, settings, names);
    const first = pool.initial ?? pool.min;
    await checkRoom(settings, { capacity: first, first }, client);
    return { now: first, after: () => pulumi.output(first) };
  }
  await checkRoom(settings, { capacity: there, first: 0 }, client);
  await warn(sizeWarnings(settings, there));
  return {
    now: there,
    after: (dependsOn) =>
      getVirtualMachineScaleSetOutput(
        { resourceGroupName: names.resourceGroup, vmScaleSetName: names.scaleSet },
        { ...options, dependsOn },
      ).apply((found) => capacityOf(found, names)),
  };
}

/** undefined only where Azure says that there is no such set. */
async function readCapacity(
  settings: AzureSettings,
  names: AzureNames,
  options: pulumi.InvokeOptions,
): Promise<number | undefined> {
  const { pool } = settings;
  const found = await readScaleSet(settings, names, options);
  if (found === undefined) return undefined;
  if (found.tags?.[POOL_TAG] !== pool.name) {
    throw new pulumi.RunError(
      `ebbtide:pool.name is "${pool.name}": the resource group ${names.resourceGroup} has a scale set ${names.scaleSet} already, ` +
        'which is not this pool: choose another name, or delete that set',
    );
  }
  checkPlace(settings, found);
  return capacityOf(found, names);
}

function capacityOf({ sku }: { sku?: { capacity?: number } }, { scaleSet }: AzureNames): number {
  const capacity = sku?.capacity;
  if (capacity === undefined) {
    throw new pulumi.RunError(
      `the scale set ${scaleSet} does not say how many instances it has, and must not be written without that: try again`,
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

/** A set elsewhere is another set: this one would be deleted for it, with the calls that are on. */
function checkPlace(
  { pool, azureProvider }: AzureSettings,
  found: { location?: string; zones?: string[] },
): void {
  const { location } = azureProvider;
  const there = found.location?.toLowerCase().replaceAll(' ', '') ?? location;
  if (there !== location) {
    throw new pulumi.RunError(
      `azure-native:location is "${location}": the pool ${pool.name} is in ${there}, and would be deleted there with the calls ` +
        'that are on. Make a pool of another name, and take this one away when it is empty',
    );
  }
  const has = [...(found.zones ?? [])].sort().join(', ');
  const wanted = [...(pool.zones ?? [])].sort().join(', ');
  if (has !== wanted) {
    throw new pulumi.RunError(
      `ebbtide:pool.zones names ${wanted || 'none'}: the scale set of the pool ${pool.name} has ${has || 'none'}, and would be deleted, ` +
        'with the calls that are on, for one that has others: another list of zones is another pool. Keep the list, or make a ' +
        'pool of another name, and take this one away when it is empty',
    );
  }
}

/** The size of machines, its zones and its quota. Where Azure does not tell of them, `up` may still go well. */
async function checkRoom(
  settings: AzureSettings,
  { capacity, first }: { capacity: number; first: number },
  client: AzureClient,
): Promise<void> {
  const { subscriptionId, location } = settings.azureProvider;
  const machineType = settings.pool.machineType ?? DEFAULT_MACHINE_TYPE;
  let room: MachineRoom;
  try {
    room = await readMachineRoom(client, { subscriptionId, location, machineType });
  } catch (error) {
    await pulumi.log.warn(
      `whether ${location} has ${machineType}, and quota for it, is not known: ${describeError(error)}`,
    );
    return;
  }
  const problems = roomProblems(settings, room, first);
  if (problems.length > 0) throw new pulumi.RunError(new SettingsError(problems).message);
  await warn(roomWarnings(settings, room, capacity));
}

async function warn(warnings: Problem[]): Promise<void> {
  for (const { key, says } of warnings) await pulumi.log.warn(`${configKey(key)} ${says}`);
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
