import * as v from 'valibot';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { createRealClock } from '../../fleet/clock.ts';
import { createDroplets } from '../../fleet/digitalocean/droplets.ts';
import { createSpacesStore } from '../../fleet/digitalocean/spaces-store.ts';
import { verifyStatus } from '../../fleet/status-signature.ts';
import { REQUEST_TIMEOUT_MS, toolsOfDestroy } from '../sweep-state.ts';
import { createOperator, type Operator } from './operator.ts';
import { sweep } from './sweep.ts';
import { createSweptOrchestrator } from './swept-orchestrator.ts';

/** What the stack's state keeps of a pool, so that it can be swept without the program. */
const stateSchema = v.object({
  pool: v.string(),
  region: v.string(),
  /** The tag of all its droplets. */
  group: v.string(),
  namespace: v.string(),
  /** The orchestrator: `PACKAGE/ACTION` */
  function: v.string(),
  codeBucket: v.string(),
  statusesBucket: v.string(),
  /** These three are secret: an API token reads no bucket, and knows no signature. */
  spacesAccessKeyId: v.string(),
  spacesSecretAccessKey: v.string(),
  poolSecret: v.string(),
});
export type SweepState = v.InferOutput<typeof stateSchema>;

/** The composition root of the sweep: what `pulumi destroy` runs first. With the operator's own token. */
export async function runSweep(
  raw: unknown,
  onDestroy: unknown,
  environment: Operator['environment'],
  configured: Omit<Operator, 'environment'> = {},
): Promise<void> {
  const state = v.parse(stateSchema, raw);
  const { pool, region, spacesAccessKeyId: accessKeyId, spacesSecretAccessKey: secretAccessKey } = state;
  const { client, api, inside } = createOperator({ ...configured, environment }, REQUEST_TIMEOUT_MS);
  const store = createSpacesStore({
    region,
    credentials: async () => ({ accessKeyId, secretAccessKey }),
    environment,
    timeoutMs: REQUEST_TIMEOUT_MS,
    patientBy: createRealClock(),
    buckets: { code: state.codeBucket, statuses: state.statusesBucket },
  });
  await sweep({
    pool: state,
    orchestrator: createSweptOrchestrator({ api, inside, ...state }),
    droplets: createDroplets({ client, pool }),
    registry: createBucketRegistry({
      store,
      verify: (status) => verifyStatus(state.poolSecret, status),
    }),
    ...toolsOfDestroy(onDestroy),
  });
}
