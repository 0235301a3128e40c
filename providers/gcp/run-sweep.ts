import * as v from 'valibot';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { createRealClock } from '../../fleet/clock.ts';
import { createGcpClient } from '../../fleet/gcp/client.ts';
import { createCompute } from '../../fleet/gcp/compute.ts';
import { operatorToken } from '../../fleet/gcp/operator-token.ts';
import { createStorageStore } from '../../fleet/gcp/storage-store.ts';
import { REQUEST_TIMEOUT_MS, toolsOfDestroy } from '../sweep-state.ts';
import { type SweepTools, sweep } from './sweep.ts';

/** What the stack's state keeps of a pool, so that it can be swept without the program. */
const stateSchema = v.object({
  pool: v.string(),
  project: v.string(),
  region: v.string(),
  group: v.string(),
  autoscaler: v.string(),
  bucket: v.string(),
});
export type SweepState = v.InferOutput<typeof stateSchema>;

/** The composition root of the sweep: what `pulumi destroy` runs first. With the operator's own credentials. */
export async function runSweep(
  state: unknown,
  onDestroy: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  await sweep(sweepFrom(state, onDestroy, environment));
}

export function sweepFrom(
  state: unknown,
  onDestroy: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): SweepTools {
  const pool = v.parse(stateSchema, state);
  const token = operatorToken(environment);
  const client = createGcpClient({ token, environment, timeoutMs: REQUEST_TIMEOUT_MS });
  return {
    pool,
    compute: createCompute({ client, clock: createRealClock(), ...pool }),
    registry: createBucketRegistry({ store: createStorageStore({ client, bucket: pool.bucket }) }),
    ...toolsOfDestroy(onDestroy),
  };
}
