import { createHash } from 'node:crypto';
import type { Changes } from '../cloud/changes.ts';
import type { Bucket, ProvisionedObject } from './model.ts';

export interface StoredObject {
  key: string;
  body: Buffer;
  contentType: string;
  /** Real time, ms since the epoch. */
  updated: number;
  /** Another with every write; microseconds since the epoch, as Google's are. */
  generation: bigint;
}

/** What lies in the twin's buckets, past all policies. */
export interface Objects {
  bucket(name: string): Bucket | undefined;
  get(bucket: string, key: string): StoredObject | undefined;
  put(bucket: string, key: string, body: Buffer, contentType?: string): StoredObject;
  remove(bucket: string, key: string): void;
  /** By key, in the store's order (bytes of UTF-8). */
  list(bucket: string, prefix: string): StoredObject[];
  /** Called with each object that is written. */
  onWrite(listener: (bucket: string, object: StoredObject) => void): void;
  /** What was provisioned has changed; what nodes and functions wrote stays as it is. A bucket goes with all in it. */
  provision(buckets: Changes<Bucket>, objects: Changes<ProvisionedObject>): void;
}

interface OpenBucket {
  bucket: Bucket;
  objects: Map<string, StoredObject>;
}

export function createObjects(now: () => number): Objects {
  const open = new Map<string, OpenBucket>();
  const listeners: ((bucket: string, object: StoredObject) => void)[] = [];
  let last = 0n;

  function put(
    bucket: string,
    key: string,
    body: Buffer,
    contentType = 'application/octet-stream',
  ): StoredObject {
    const objects = open.get(bucket)?.objects;
    if (!objects) throw new Error(`there is no bucket ${bucket} in the twin`);
    const generation = BigInt(Math.floor(now())) * 1000n;
    last = generation > last ? generation : last + 1n;
    const object = { key, body, contentType, updated: now(), generation: last };
    objects.set(key, object);
    for (const listener of listeners) listener(bucket, object);
    return object;
  }

  function provision(buckets: Changes<Bucket>, objects: Changes<ProvisionedObject>): void {
    for (const bucket of buckets.added) open.set(bucket.name, { bucket, objects: new Map() });
    for (const { after } of buckets.changed) {
      open.set(after.name, { bucket: after, objects: open.get(after.name)?.objects ?? new Map() });
    }
    for (const { bucket, key } of objects.removed) open.get(bucket)?.objects.delete(key);
    const written = [...objects.added, ...objects.changed.map(({ after }) => after)];
    for (const { bucket, key, body } of written) put(bucket, key, body);
    for (const { name } of buckets.removed) open.delete(name);
  }

  return {
    bucket: (name) => open.get(name)?.bucket,
    get: (bucket, key) => open.get(bucket)?.objects.get(key),
    put,
    remove: (bucket, key) => {
      open.get(bucket)?.objects.delete(key);
    },
    onWrite: (listener) => {
      listeners.push(listener);
    },
    provision,
    list: (bucket, prefix) =>
      [...(open.get(bucket)?.objects.values() ?? [])]
        .filter(({ key }) => key.startsWith(prefix))
        .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))),
  };
}

export function md5Of(body: Buffer): string {
  return createHash('md5').update(body).digest('base64');
}
