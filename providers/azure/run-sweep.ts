import * as v from 'valibot';
import { createBlobClient, createBlobStore } from '../../fleet/azure/blob-store.ts';
import { createAzureClient } from '../../fleet/azure/client.ts';
import { blobEndpoint, managerEndpoint } from '../../fleet/azure/endpoints.ts';
import { operatorToken } from '../../fleet/azure/operator-token.ts';
import { createScaleSet } from '../../fleet/azure/scale-set.ts';
import { accountSignature, sendSigned } from '../../fleet/azure/signed-blobs.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { REQUEST_TIMEOUT_MS, toolsOfDestroy } from '../sweep-state.ts';
import { sweep } from './sweep.ts';

/** What the stack's state keeps of a pool, so that it can be swept without the program. */
const stateSchema = v.object({
  pool: v.string(),
  group: v.string(),
  autoscale: v.string(),
  resourceGroup: v.string(),
  storage: v.string(),
  store: v.string(),
  location: v.string(),
  subscriptionId: v.string(),
  tenantId: v.optional(v.string()),
});
export type SweepState = v.InferOutput<typeof stateSchema>;

/** A node that is cut is told 15 minutes before. */
const DEADLINE_MS = 40 * 60_000;

/** The composition root of the sweep: what `pulumi destroy` runs first. With the operator's own credentials. */
export async function runSweep(
  state: unknown,
  onDestroy: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const pool = v.parse(stateSchema, state);
  const client = createAzureClient({
    base: managerEndpoint(environment),
    token: operatorToken(pool, environment),
    timeoutMs: REQUEST_TIMEOUT_MS,
  });
  const blobs = createBlobClient({
    store: blobEndpoint(pool.store, environment),
    // Who may do everything in the group may read no blob by that: Azure gives out a signature instead.
    token: accountSignature(client, pool, Date.now),
    timeoutMs: REQUEST_TIMEOUT_MS,
    send: sendSigned,
  });
  await sweep({
    pool: { ...pool, region: pool.location },
    scaleSet: createScaleSet(client, pool),
    registry: createBucketRegistry({ store: createBlobStore(blobs) }),
    ...toolsOfDestroy(onDestroy, DEADLINE_MS),
  });
}
