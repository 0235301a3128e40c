import * as pulumi from '@pulumi/pulumi';
import * as v from 'valibot';
import { type AzureClient, AzureError } from '../../fleet/azure/client.ts';
import { listAll } from '../../fleet/azure/list-all.ts';
import { describeError } from '../../fleet/error.ts';
import type { AzureNames } from './names.ts';
import type { AzureSettings } from './settings.ts';

/** On everything that takes tags, nodes too. */
export const POOL_TAG = 'ebbtide-pool';

const FORBIDDEN = 403;

const setSchema = v.object({
  id: v.string(),
  tags: v.optional(v.nullable(v.record(v.string(), v.string()))),
});

/**
 * A set of this pool in another resource group is one that Pulumi would delete for the one that it is about to make: it
 * knows both by one name, and no sweep would look at it first. Throws where there is one, or might be.
 */
export async function refuseElsewhere(
  client: AzureClient,
  { pool, azureProvider }: AzureSettings,
  names: AzureNames,
): Promise<void> {
  const { subscriptionId } = azureProvider;
  const path = `/subscriptions/${subscriptionId}/providers/Microsoft.Compute/virtualMachineScaleSets`;
  let sets: v.InferOutput<typeof setSchema>[];
  try {
    sets = await listAll(client, path, { 'api-version': '2024-03-01' }, setSchema);
  } catch (error) {
    const unknown = `whether the pool ${pool.name} is in another resource group than ${names.resourceGroup} is not known`;
    // Of those who may not look beyond their resource group, nothing better can be had.
    if (error instanceof AzureError && error.status === FORBIDDEN) {
      await pulumi.log.warn(
        `${unknown}: these credentials see no scale sets of the subscription ${subscriptionId}. If it is, end here: this would ` +
          'delete it there, with the calls that are on',
      );
      return;
    }
    throw new pulumi.RunError(
      `${unknown}, and it would be deleted there with the calls that are on: try again. ${describeError(error)}`,
    );
  }
  const found = sets.find(({ tags }) => tags?.[POOL_TAG] === pool.name);
  if (found === undefined) return;
  const [, group = found.id] = /\/resourceGroups\/([^/]+)\//i.exec(found.id) ?? [];
  throw new pulumi.RunError(
    `ebbtide:pool.name is "${pool.name}": the resource group ${group} has a pool of that name, whose scale set would be deleted ` +
      `with the calls that are on, for one in ${names.resourceGroup}. Make a pool of another name, or take that one away first ` +
      '(`pulumi destroy --run-program`, with ebbtide:azure.resourceGroup as it was)',
  );
}
