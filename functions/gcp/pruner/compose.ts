import { createBucketRegistry } from '../../../fleet/bucket-registry.ts';
import type { Clock } from '../../../fleet/clock.ts';
import { tokenFromMetadata } from '../../../fleet/gcp/access-token.ts';
import { createGcpClient } from '../../../fleet/gcp/client.ts';
import { createCompute } from '../../../fleet/gcp/compute.ts';
import { createMetadata } from '../../../fleet/gcp/metadata.ts';
import { createStorageStore } from '../../../fleet/gcp/storage-store.ts';
import { prunerSettingsSchema } from '../../../fleet/gcp-function-settings.ts';
import { type SendHttp, sendHttp } from '../../../fleet/http.ts';
import { createSharedMemory } from '../../../fleet/shared-memory.ts';
import { createLog } from '../../log.ts';
import { readSettings } from '../../settings.ts';
import { DELETION_BUDGET_MS, READ_BUDGET_MS, STEP_BUDGET_MS } from './budgets.ts';
import { createPatientMemory } from './patient-memory.ts';
import type { PrunerTools } from './prune.ts';

/** Of each request to Google. */
const REQUEST_TIMEOUT_MS = 8_000;
const METADATA_TIMEOUT_MS = 3_000;

/** What the function runs in; a rehearsal gives its own. */
export interface Surroundings {
  environment: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  /** From 0 to 1. */
  random: () => number;
  /** One line of the log. */
  write(line: string): void;
  send?: SendHttp;
}

/** The pruner as it is run: everything that it needs, joined. */
export function composePruner(surroundings: Surroundings): PrunerTools {
  const { environment, clock, random, write, send = sendHttp } = surroundings;
  const settings = readSettings(environment, prunerSettingsSchema);
  const metadata = createMetadata({ environment, timeoutMs: METADATA_TIMEOUT_MS, send });
  const client = createGcpClient({
    token: tokenFromMetadata(metadata, clock.now),
    environment,
    timeoutMs: REQUEST_TIMEOUT_MS,
    send,
  });
  const store = createStorageStore({ client, bucket: settings.bucket });
  return {
    settings,
    compute: createCompute({ client, clock, ...settings }),
    registry: createBucketRegistry({ store }),
    memory: createPatientMemory(createSharedMemory(store, 'pruner'), clock),
    log: createLog(write, clock.now),
    clock,
    random,
    readBudgetMs: READ_BUDGET_MS,
    stepBudgetMs: STEP_BUDGET_MS,
    deletionBudgetMs: DELETION_BUDGET_MS,
  };
}
