import { type AwsClient, type AwsClientOptions, AwsError, createAwsClient } from '../aws/client.ts';
import { createS3Store } from '../aws/s3-store.ts';
import { type Clock, pause } from '../clock.ts';
import type { RemovingStore } from '../object-store.ts';
import { spacesEndpoint } from './endpoints.ts';

/** Keys for a bucket know no prefixes: what a node may only read, may write, and must not see, has each a bucket. */
export interface SpacesBuckets {
  /** `decisions/` and `software/`: nodes read it. */
  code: string;
  /** `statuses/`: nodes write it. */
  statuses: string;
  /** `memory/`: the function's alone. A node has none. */
  memory?: string | undefined;
}

export interface SpacesStoreOptions extends AwsClientOptions {
  buckets: SpacesBuckets;
  /** By which it waits to ask again where Spaces has too much to do. Without it, whoever asks does that for himself. */
  patientBy?: Clock | undefined;
  /** What each request goes through besides. */
  through?: ((client: AwsClient) => AwsClient) | undefined;
}

/** The object store of a pool, over its buckets: the first part of a key says which of them has it. */
export function createSpacesStore(given: SpacesStoreOptions): RemovingStore {
  const { buckets, patientBy, through = (client) => client, ...options } = given;
  const plain = through(createAwsClient(options));
  const client = patientBy === undefined ? plain : patient(plain, patientBy);
  const endpoint = spacesEndpoint(options.region, options.environment);
  const storeOf = (bucket: string) => createS3Store({ client, bucket, endpoint });
  const code = storeOf(buckets.code);
  const statuses = storeOf(buckets.statuses);
  const memory = buckets.memory === undefined ? undefined : storeOf(buckets.memory);

  function of(key: string): RemovingStore {
    if (key.startsWith('statuses/')) return statuses;
    if (!key.startsWith('memory/')) return code;
    if (memory === undefined) throw new Error(`${key}: whoever runs this has no bucket for memory`);
    return memory;
  }

  return {
    list: (prefix, signal) => of(prefix).list(prefix, signal),
    get: async (key, signal) => of(key).get(key, signal),
    put: async (key, body, ...rest) => of(key).put(key, body, ...rest),
    remove: async (key, signal) => of(key).remove(key, signal),
  };
}

/** Before it is asked again. */
const WAITS_MS = [250, 500, 1_000];

/**
 * Spaces takes some hundred requests a second for one bucket, and 1,500 from one address: a thousand statuses are more. What
 * it refuses for that it has not done, and asks to be asked again for.
 */
function patient(client: AwsClient, clock: Clock): AwsClient {
  return {
    ...client,
    async send(request) {
      for (const waitMs of WAITS_MS) {
        try {
          return await client.send(request);
        } catch (cause) {
          if (!isTooMuch(cause) || request.signal?.aborted) throw cause;
          await pause(clock, waitMs, request.signal);
        }
      }
      return client.send(request);
    },
  };
}

function isTooMuch(cause: unknown): boolean {
  return cause instanceof AwsError && (cause.code === 'SlowDown' || cause.status === 429);
}
