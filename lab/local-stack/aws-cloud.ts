import type { AwsTwin } from '../aws/aws-twin.ts';
import { ACCOUNT, type Place } from '../aws/identifiers.ts';
import { createLivingAws } from '../aws/living.ts';
import { readModel } from '../aws/read-model.ts';
import { createTwin } from '../aws/twin.ts';
import type { RecordedResource } from '../pulumi/resource.ts';
import { type LocalCloud, type LocalCloudOptions, openLocalCloud, placeIn } from './local-cloud.ts';

/** `outside`: what somebody else has made in the account beforehand. */
export async function startLocalAws(
  { values, ...run }: LocalCloudOptions,
  outside: readonly RecordedResource[] = [],
): Promise<LocalCloud<AwsTwin>> {
  const place: Place = { account: ACCOUNT, region: placeIn(values, 'aws:region'), partition: 'aws' };
  const twin = createTwin({ model: readModel(outside, place), mode: 'ebbtide', ...run });
  await twin.start();
  const { accessKeyId, secretAccessKey, sessionToken } = twin.assumeOperator();
  return openLocalCloud(twin, createLivingAws(twin, place, outside), {
    AWS_ENDPOINT_URL: twin.endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  });
}
