import { createHash } from 'node:crypto';
import type { AwsModel, Bucket } from './model.ts';

export interface StoredObject {
  key: string;
  body: Buffer;
  /** Real time, ms since the epoch, in whole seconds as S3 keeps it. */
  modified: number;
  etag: string;
}

/** What lies in the twin's buckets, past all policies. */
export interface Objects {
  bucket(name: string): Bucket | undefined;
  get(bucket: string, key: string): StoredObject | undefined;
  put(bucket: string, key: string, body: Buffer): StoredObject;
  /** By key, in S3's order (bytes of UTF-8). */
  list(bucket: string, prefix: string): StoredObject[];
}

export function createObjects(model: AwsModel, now: () => number): Objects {
  const buckets = new Map(model.buckets.map((bucket) => [bucket.name, new Map<string, StoredObject>()]));

  function put(bucket: string, key: string, body: Buffer): StoredObject {
    const objects = buckets.get(bucket);
    if (!objects) throw new Error(`there is no bucket ${bucket} in the twin`);
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    const object = { key, body, modified: Math.floor(now() / 1000) * 1000, etag };
    objects.set(key, object);
    return object;
  }

  for (const { bucket, key, body } of model.objects) put(bucket, key, body);
  return {
    bucket: (name) => model.buckets.find((bucket) => bucket.name === name),
    get: (bucket, key) => buckets.get(bucket)?.get(key),
    put,
    list: (bucket, prefix) =>
      [...(buckets.get(bucket)?.values() ?? [])]
        .filter(({ key }) => key.startsWith(prefix))
        .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))),
  };
}
