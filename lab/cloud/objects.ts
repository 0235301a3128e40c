import type { Changes } from './changes.ts';

/** What whoever writes an object says of it. */
export type ObjectMetadata = Readonly<Record<string, string>>;

interface ProvisionedObject {
  bucket: string;
  key: string;
  body: Buffer;
}

/** What lies in a twin's buckets, past all policies. */
export interface Objects<Bucket, StoredObject> {
  bucket(name: string): Bucket | undefined;
  get(bucket: string, key: string): StoredObject | undefined;
  put(
    bucket: string,
    key: string,
    body: Buffer,
    contentType?: string,
    metadata?: ObjectMetadata,
  ): StoredObject;
  remove(bucket: string, key: string): void;
  /** By key, in the order of stores (bytes of UTF-8). */
  list(bucket: string, prefix: string): StoredObject[];
  /** Called with each object that is written. */
  onWrite(listener: (bucket: string, object: StoredObject) => void): void;
  /** What was provisioned has changed; what nodes and functions wrote stays as it is. A bucket goes with all in it. */
  provision(buckets: Changes<Bucket>, objects: Changes<ProvisionedObject>): void;
}

interface OpenBucket<Bucket, StoredObject> {
  bucket: Bucket;
  objects: Map<string, StoredObject>;
}

/** The same past all policies, as text: what a `TwinCloud` shows of it. */
export function textOf(objects: Objects<unknown, { key: string; body: Buffer }>) {
  return {
    object: (bucket: string, key: string) => objects.get(bucket, key)?.body.toString('utf8'),
    putObject: (bucket: string, key: string, body: string, metadata?: ObjectMetadata) => {
      objects.put(bucket, key, Buffer.from(body), undefined, metadata);
    },
    removeObject: objects.remove,
    keys: (bucket: string) => objects.list(bucket, '').map(({ key }) => key),
  };
}

/** `store`: an object as this cloud keeps it, with what its writes are told apart by. */
export function createBuckets<Bucket extends { name: string }, StoredObject extends { key: string }>(
  store: (key: string, body: Buffer, contentType: string, metadata: ObjectMetadata) => StoredObject,
): Objects<Bucket, StoredObject> {
  const open = new Map<string, OpenBucket<Bucket, StoredObject>>();
  const listeners: ((bucket: string, object: StoredObject) => void)[] = [];

  function put(
    bucket: string,
    key: string,
    body: Buffer,
    contentType = 'application/octet-stream',
    metadata: ObjectMetadata = {},
  ): StoredObject {
    const objects = open.get(bucket)?.objects;
    if (!objects) throw new Error(`there is no bucket ${bucket} in the twin`);
    const object = store(key, body, contentType, metadata);
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
