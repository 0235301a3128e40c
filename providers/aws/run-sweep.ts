import { defaultProvider } from '@aws-sdk/credential-provider-node';
import * as v from 'valibot';
import { createAwsClient } from '../../fleet/aws/client.ts';
import type { CredentialsProvider } from '../../fleet/aws/credentials.ts';
import { createS3Store } from '../../fleet/aws/s3-store.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { REQUEST_TIMEOUT_MS, toolsOfDestroy } from '../sweep-state.ts';
import { sweep } from './sweep.ts';
import { createSweptGroup } from './swept-group.ts';

/** What the stack's state keeps of a pool, so that it can be swept without the program. */
const stateSchema = v.object({
  pool: v.string(),
  group: v.string(),
  terminateHook: v.string(),
  bucket: v.string(),
  region: v.string(),
  profile: v.optional(v.string()),
});
export type SweepState = v.InferOutput<typeof stateSchema>;

/** The composition root of the sweep: what `pulumi destroy` runs first. With the operator's own credentials. */
export async function runSweep(
  state: unknown,
  onDestroy: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const pool = v.parse(stateSchema, state);
  const { region, profile, group, terminateHook, bucket } = pool;
  const client = createAwsClient({
    region,
    credentials: operatorCredentials(profile),
    environment,
    timeoutMs: REQUEST_TIMEOUT_MS,
  });
  await sweep({
    pool,
    group: createSweptGroup(client, group, terminateHook),
    registry: createBucketRegistry({ store: createS3Store({ client, bucket }) }),
    ...toolsOfDestroy(onDestroy),
  });
}

/** As the AWS CLI finds them: the environment, profiles, single sign-on, a container's or a machine's own role. */
function operatorCredentials(profile: string | undefined): CredentialsProvider {
  const find = defaultProvider(profile === undefined ? {} : { profile });
  return async () => {
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await find();
    return {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      ...(expiration === undefined ? {} : { expiresAt: expiration.getTime() }),
    };
  };
}
