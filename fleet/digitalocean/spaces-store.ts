import { type AwsClientOptions, createAwsClient } from '../aws/client.ts';
import { createS3Store } from '../aws/s3-store.ts';
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
}

/** The object store of a pool, over its buckets: the first part of a key says which of them has it. */
export function createSpacesStore({ buckets, ...options }: SpacesStoreOptions): RemovingStore {
  const client = createAwsClient(options);
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
