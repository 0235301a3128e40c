import type { AzureTwin } from '../azure/azure-twin.ts';
import { createLivingAzure } from '../azure/living.ts';
import { type Place, TENANT } from '../azure/place.ts';
import { readModel } from '../azure/read-model.ts';
import { createTwin } from '../azure/twin.ts';
import { Ports } from '../instance/ports.ts';
import { type LocalCloud, type LocalCloudOptions, openLocalCloud, placeIn } from './local-cloud.ts';

/** Somebody tries commands for as long as they like. */
const TOKENS_MS = 12 * 3_600_000;

export async function startLocalAzure({ values, ...run }: LocalCloudOptions): Promise<LocalCloud<AzureTwin>> {
  const place: Place = {
    subscription: placeIn(values, 'azure-native:subscriptionId'),
    tenant: TENANT,
    location: placeIn(values, 'azure-native:location'),
    endpoint: `http://127.0.0.1:${await new Ports().take()}`,
  };
  const twin = createTwin({ model: readModel([], place), mode: 'ebbtide', tokensMs: TOKENS_MS, ...run });
  await twin.start();
  return openLocalCloud(twin, createLivingAzure(twin, place), {
    ...twin.environment(),
    AZURE_ACCESS_TOKEN: twin.operatorToken('https://management.azure.com/'),
  });
}
