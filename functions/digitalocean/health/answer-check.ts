import * as v from 'valibot';
import { createAwsClient } from '../../../fleet/aws/client.ts';
import { createS3Store } from '../../../fleet/aws/s3-store.ts';
import { abortAfter, type Clock } from '../../../fleet/clock.ts';
import { spacesEndpoint } from '../../../fleet/digitalocean/endpoints.ts';
import { BORN_KEY, HEALTH_KEY, healthParametersSchema } from '../../../fleet/digitalocean/pool-health.ts';
import { describeError } from '../../../fleet/error.ts';
import type { SendHttp } from '../../../fleet/http.ts';
import type { ObjectStore } from '../../../fleet/object-store.ts';
import { createLog } from '../../log.ts';
import { type HealthReading, judge } from './judge.ts';

/** What the function runs in; a test gives its own. */
export interface Surroundings {
  environment: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  /** One line of the log. */
  write(line: string): void;
  send?: SendHttp;
}

/** As whoever asks sees it. */
export interface HealthAnswer {
  statusCode: 200 | 503;
  headers: Record<string, string>;
  body: { well: boolean; alarms: string[] };
}

/** Who asks does not wait for long. */
const READ_BUDGET_MS = 4_000;

/**
 * Answers whoever asks how the pool is: 200, or 503 with the kinds of what is wrong. It is open to everybody, and tells no
 * name of a node, and nothing that a node could have written. What is sent is not looked at. Never rejects.
 */
export function createHealthAction(surroundings: Surroundings): (event: unknown) => Promise<HealthAnswer> {
  const { clock, write } = surroundings;
  const log = createLog(write, clock.now);
  return async (event) => {
    const parsed = v.safeParse(healthParametersSchema, event);
    if (!parsed.success) {
      log('error', 'health', {
        reason: `its parameters: ${v.summarize(parsed.issues)}: deploy the stack again`,
      });
      return answerOf(judge({ kind: 'unknown' }, 0));
    }
    const { silentAfterMs, ...where } = parsed.output;
    const patience = abortAfter(clock, READ_BUDGET_MS);
    const reading = await read(storeOf(where, surroundings), patience.signal).catch(
      (cause): HealthReading => {
        log('error', 'health', { reason: describeError(cause) });
        return { kind: 'unknown' };
      },
    );
    patience.letGo();
    return answerOf(judge(reading, silentAfterMs));
  };
}

function storeOf(
  {
    region,
    bucket,
    spacesKeyId,
    spacesSecretKey,
  }: Omit<v.InferOutput<typeof healthParametersSchema>, 'silentAfterMs'>,
  { environment, clock, send }: Surroundings,
): ObjectStore {
  const client = createAwsClient({
    region,
    environment,
    credentials: async () => ({ accessKeyId: spacesKeyId, secretAccessKey: spacesSecretKey }),
    now: clock.now,
    timeoutMs: READ_BUDGET_MS,
    ...(send === undefined ? {} : { send }),
  });
  return createS3Store({ client, bucket, endpoint: spacesEndpoint(region, environment) });
}

async function read(store: ObjectStore, signal: AbortSignal): Promise<HealthReading> {
  const health = await store.get(HEALTH_KEY, signal);
  if (health !== undefined) return { kind: 'told', body: health.body, ageMs: health.ageMs };
  return { kind: 'untold', poolMs: (await store.get(BORN_KEY, signal))?.ageMs };
}

function answerOf(alarms: string[]): HealthAnswer {
  const well = alarms.length === 0;
  return {
    statusCode: well ? 200 : 503,
    headers: { 'cache-control': 'no-store', 'content-type': 'application/json' },
    body: { well, alarms },
  };
}
