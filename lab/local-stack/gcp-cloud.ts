import type { GcpTwin } from '../gcp/gcp-twin.ts';
import { createLivingGcp } from '../gcp/living.ts';
import { type Place, PROJECT_NUMBER } from '../gcp/place.ts';
import { readModel } from '../gcp/read-model.ts';
import { createTwin } from '../gcp/twin.ts';
import { Ports } from '../instance/ports.ts';
import type { RecordedResource } from '../pulumi/resource.ts';
import { type LocalCloud, type LocalCloudOptions, openLocalCloud, placeIn } from './local-cloud.ts';

/** A load balancer that somebody has made beforehand, that one may try `network.balancers` with. */
const BALANCERS = { backendServices: ['global/backendServices/media'] };

/** Somebody tries commands for as long as they like. */
const TOKENS_MS = 12 * 3_600_000;

/** `outside`: what somebody else has made in the project beforehand. */
export async function startLocalGcp(
  { values, ...run }: LocalCloudOptions,
  outside: readonly RecordedResource[] = [],
): Promise<LocalCloud<GcpTwin>> {
  const place: Place = {
    project: placeIn(values, 'gcp:project'),
    projectNumber: PROJECT_NUMBER,
    region: placeIn(values, 'gcp:region'),
  };
  const functionUrl = `http://127.0.0.1:${await new Ports().take()}`;
  const model = readModel(outside, place);
  const twin = createTwin({ model, mode: 'ebbtide', tokensMs: TOKENS_MS, ...run });
  await twin.start();
  return openLocalCloud(twin, createLivingGcp(twin, place, functionUrl, outside, BALANCERS), {
    ...twin.environment(),
    // Of Google's provider, and of its command line.
    GOOGLE_OAUTH_ACCESS_TOKEN: twin.operatorToken(),
    CLOUDSDK_AUTH_ACCESS_TOKEN: twin.operatorToken(),
  });
}
