import * as v from 'valibot';
import { createBlobStore } from '../../fleet/azure/blob-store.ts';
import { createScaleSet } from '../../fleet/azure/scale-set.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { toolsOfDestroy } from '../sweep-state.ts';
import { operatorClients } from './operator-clients.ts';
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
export const DEADLINE_MS = 40 * 60_000;

/** The composition root of the sweep: what `pulumi destroy` runs first. With the operator's own credentials. */
export async function runSweep(
  state: unknown,
  onDestroy: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const { pool, client, registry } = sweepFrom(state, environment);
  await sweep({
    pool: { ...pool, region: pool.location },
    scaleSet: createScaleSet(client, pool),
    registry,
    ...toolsOfDestroy(onDestroy, DEADLINE_MS),
  });
}

/** The pool of a state, with its operator's hands. */
export function sweepFrom(state: unknown, environment: Readonly<Record<string, string | undefined>>) {
  const pool = v.parse(stateSchema, state);
  const { client, blobs } = operatorClients(pool, environment);
  return { pool, client, blobs, registry: createBucketRegistry({ store: createBlobStore(blobs) }) };
}
