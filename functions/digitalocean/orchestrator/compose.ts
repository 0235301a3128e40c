import * as v from 'valibot';
import { createBucketRegistry } from '../../../fleet/bucket-registry.ts';
import type { Clock } from '../../../fleet/clock.ts';
import { createDigitalOceanClient } from '../../../fleet/digitalocean/client.ts';
import { createDroplets } from '../../../fleet/digitalocean/droplets.ts';
import { createSpacesStore } from '../../../fleet/digitalocean/spaces-store.ts';
import {
  ORCHESTRATOR_LIMIT_MS,
  orchestratorParametersSchema,
} from '../../../fleet/digitalocean-function-settings.ts';
import type { SendHttp } from '../../../fleet/http.ts';
import { verifyStatus } from '../../../fleet/status-signature.ts';
import { createLog } from '../../log.ts';
import { END_BUDGET_MS, READ_BUDGET_MS, STEP_BUDGET_MS, TURN_BUDGET_MS } from './budgets.ts';
import type { OrchestratorTools } from './orchestrate.ts';

/** Of each request. */
const REQUEST_TIMEOUT_MS = 8_000;

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

/** The orchestrator as it is run: everything that it needs, joined. Throws where its parameters make no sense. */
export function composeOrchestrator(parameters: unknown, surroundings: Surroundings): OrchestratorTools {
  const { environment, clock, random, write, send } = surroundings;
  const parsed = v.safeParse(orchestratorParametersSchema, parameters);
  if (!parsed.success)
    throw new Error(`the function's parameters: ${v.summarize(parsed.issues)}: deploy the stack again`);
  const { settings, apiToken, spacesKeyId, spacesSecretKey, poolSecret } = parsed.output;
  const common = { environment, timeoutMs: REQUEST_TIMEOUT_MS, ...(send === undefined ? {} : { send }) };
  const store = createSpacesStore({
    ...common,
    region: settings.spacesRegion ?? settings.region,
    credentials: async () => ({ accessKeyId: spacesKeyId, secretAccessKey: spacesSecretKey }),
    now: clock.now,
    patientBy: clock,
    buckets: settings.buckets,
  });
  const client = createDigitalOceanClient({ ...common, clock, token: async () => apiToken });
  return {
    settings,
    droplets: createDroplets({ client, pool: settings.pool }),
    registry: createBucketRegistry({ store, verify: (status) => verifyStatus(poolSecret, status) }),
    store,
    poolSecret,
    limitMs: ORCHESTRATOR_LIMIT_MS,
    log: createLog(write, clock.now),
    clock,
    random,
    turnBudgetMs: TURN_BUDGET_MS,
    readBudgetMs: READ_BUDGET_MS,
    stepBudgetMs: STEP_BUDGET_MS,
    endBudgetMs: END_BUDGET_MS,
  };
}
