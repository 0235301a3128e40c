import * as v from 'valibot';
import { azureNames } from '../../stacks/azure/names.ts';
import type { AzureTwin } from '../azure/azure-twin.ts';
import { createLivingAzure } from '../azure/living.ts';
import { blobEndpoint, type Place, TENANT } from '../azure/place.ts';
import { readModel } from '../azure/read-model.ts';
import { createTwin } from '../azure/twin.ts';
import { Ports } from '../instance/ports.ts';
import type { RecordedResource } from '../pulumi/resource.ts';
import { type LocalCloud, type LocalCloudOptions, openLocalCloud, placeIn } from './local-cloud.ts';
import type { StackValues } from './project.ts';

/** Somebody tries commands for as long as they like. */
const TOKENS_MS = 12 * 3_600_000;

/** `outsideIn`: what somebody else has made in the subscription beforehand. */
export async function startLocalAzure(
  { values, ...run }: LocalCloudOptions,
  outsideIn: (place: Place) => readonly RecordedResource[] = () => [],
): Promise<LocalCloud<AzureTwin>> {
  const place: Place = {
    subscription: placeIn(values, 'azure-native:subscriptionId'),
    tenant: TENANT,
    location: placeIn(values, 'azure-native:location'),
    endpoint: `http://127.0.0.1:${await new Ports().take()}`,
  };
  const outside = outsideIn(place);
  const twin = createTwin({ model: readModel(outside, place), mode: 'ebbtide', tokensMs: TOKENS_MS, ...run });
  await twin.start();
  // A load balancer that somebody has made beforehand, that one may try `network.balancers` with.
  const front = `/subscriptions/${place.subscription}/resourceGroups/front/providers/Microsoft.Network/loadBalancers/front`;
  const balancers = { backendPools: [`${front}/backendAddressPools/media`] };
  return openLocalCloud(twin, createLivingAzure(twin, place, outside, balancers), {
    ...twin.environment(),
    AZURE_STORAGE_BLOB_ENDPOINT: blobEndpoint(place, storageIn(values, place)),
    AZURE_ACCESS_TOKEN: twin.operatorToken('https://management.azure.com/'),
  });
}

const poolSchema = v.object({ name: v.string() });
const azureSchema = v.optional(v.object({ resourceGroup: v.optional(v.string()) }), {});

/** The account that the pool is going to have: the one whose blobs its stack asks for before and after it is there. */
function storageIn(values: StackValues, { subscription }: Place): string {
  const { name } = v.parse(poolSchema, values['ebbtide:pool']);
  const { resourceGroup = `ebbtide-${name}` } = v.parse(azureSchema, values['ebbtide:azure']);
  return azureNames(name, { subscriptionId: subscription, resourceGroup }).storage;
}
