import { placeOf } from '../digitalocean/apply.ts';
import { createLivingOcean } from '../digitalocean/living.ts';
import type { OceanTwin } from '../digitalocean/ocean-twin.ts';
import { readModel } from '../digitalocean/read-model.ts';
import { OPERATOR_TOKEN } from '../digitalocean/tokens.ts';
import { createTwin } from '../digitalocean/twin.ts';
import { type LocalCloud, type LocalCloudOptions, openLocalCloud } from './local-cloud.ts';

export async function startLocalOcean({ values, ...run }: LocalCloudOptions): Promise<LocalCloud<OceanTwin>> {
  const place = await placeOf(values['ebbtide:digitalocean']);
  const twin = createTwin({ model: readModel([], place), mode: 'ebbtide', ...run });
  await twin.start();
  const grants = [{ bucket: '', permission: 'fullaccess' as const }];
  const { accessKey, secretKey } = twin.newSpacesKey({ name: 'operator', grants });
  return openLocalCloud(twin, createLivingOcean(twin, place), {
    ...twin.environment(),
    DIGITALOCEAN_TOKEN: OPERATOR_TOKEN,
    // Pulumi makes the pool's own keys; these are a person's, for `fleet`.
    SPACES_ACCESS_KEY_ID: accessKey,
    SPACES_SECRET_ACCESS_KEY: secretKey,
  });
}
