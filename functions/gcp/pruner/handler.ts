import { createBucketRegistry } from '../../../fleet/bucket-registry.ts';
import { createRealClock } from '../../../fleet/clock.ts';
import { describeError } from '../../../fleet/error.ts';
import { tokenFromMetadata } from '../../../fleet/gcp/access-token.ts';
import { createGcpClient } from '../../../fleet/gcp/client.ts';
import { createCompute } from '../../../fleet/gcp/compute.ts';
import { createMetadata } from '../../../fleet/gcp/metadata.ts';
import { createStorageStore } from '../../../fleet/gcp/storage-store.ts';
import { prunerSettingsSchema } from '../../../fleet/gcp-function-settings.ts';
import { createSharedMemory } from '../../../fleet/shared-memory.ts';
import { coalesce } from '../../coalesce.ts';
import { createLog } from '../../log.ts';
import { readSettings } from '../../settings.ts';
import { DELETION_BUDGET_MS, READ_BUDGET_MS, STEP_BUDGET_MS } from './budgets.ts';
import { createPatientMemory } from './patient-memory.ts';
import { type PrunerTools, planOnly, prune as pruneOnce } from './prune.ts';

/** Of each request to Google. */
const REQUEST_TIMEOUT_MS = 8_000;
const METADATA_TIMEOUT_MS = 3_000;

/** The little of a request and its answer that is used of what Google's functions framework gives. */
interface WakeRequest {
  query: Readonly<Record<string, unknown>>;
}
interface WakeResponse {
  status(code: number): { json(body: unknown): unknown };
}

const tools = compose(process.env);
const wake = coalesce(() => pruneOnce(tools));

/**
 * The composition root: what the schedule calls each minute, and a node when it is empty. What they send is not looked
 * at: each run looks at the world for itself. `?dryRun=1` answers what a run would do, and does nothing.
 */
export async function prune(request: WakeRequest, response: WakeResponse): Promise<void> {
  try {
    if (request.query.dryRun !== undefined && request.query.dryRun !== '0') {
      response.status(200).json(await planOnly(tools));
      return;
    }
    const { answer, ended } = await wake();
    const failures = [...answer.failures, ...(await ended)];
    response.status(failures.length > 0 ? 500 : 200).json({ ...answer, failures });
  } catch (cause) {
    tools.log('error', 'pruner-failed', { pool: tools.settings.pool, reason: describeError(cause) });
    response.status(500).json({ failures: [describeError(cause)] });
  }
}

function compose(environment: Readonly<Record<string, string | undefined>>): PrunerTools {
  const settings = readSettings(environment, prunerSettingsSchema);
  const clock = createRealClock();
  const metadata = createMetadata({ environment, timeoutMs: METADATA_TIMEOUT_MS });
  const client = createGcpClient({
    token: tokenFromMetadata(metadata),
    environment,
    timeoutMs: REQUEST_TIMEOUT_MS,
  });
  const store = createStorageStore({ client, bucket: settings.bucket });
  return {
    settings,
    compute: createCompute({ client, clock, ...settings }),
    registry: createBucketRegistry({ store }),
    memory: createPatientMemory(createSharedMemory(store, 'pruner'), clock),
    log: createLog((line) => process.stdout.write(line), Date.now),
    clock,
    random: Math.random,
    readBudgetMs: READ_BUDGET_MS,
    stepBudgetMs: STEP_BUDGET_MS,
    deletionBudgetMs: DELETION_BUDGET_MS,
  };
}
