import * as v from 'valibot';
import { createS3Store } from '../../fleet/aws/s3-store.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { toolsOfDestroy } from '../sweep-state.ts';
import { operatorClient } from './operator-client.ts';
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
  const { pool, group, registry } = sweepFrom(state, environment);
  await sweep({ pool, group, registry, ...toolsOfDestroy(onDestroy) });
}

/** The pool of a state, with its operator's hands. */
export function sweepFrom(state: unknown, environment: Readonly<Record<string, string | undefined>>) {
  const pool = v.parse(stateSchema, state);
  const client = operatorClient(pool, environment);
  return {
    pool,
    client,
    group: createSweptGroup(client, pool.group, pool.terminateHook),
    registry: createBucketRegistry({ store: createS3Store({ client, bucket: pool.bucket }) }),
  };
}
