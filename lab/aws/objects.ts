import { createHash } from 'node:crypto';
import { createBuckets, type ObjectMetadata, type Objects as ObjectsOf } from '../cloud/objects.ts';
import type { Bucket } from './model.ts';

export interface StoredObject {
  key: string;
  body: Buffer;
  /** Real time, ms since the epoch, in whole seconds as S3 keeps it. */
  modified: number;
  etag: string;
  metadata: ObjectMetadata;
}

export type Objects = ObjectsOf<Bucket, StoredObject>;

export function createObjects(now: () => number): Objects {
  return createBuckets((key, body, _contentType, metadata) => ({
    key,
    body,
    metadata,
    modified: Math.floor(now() / 1000) * 1000,
    etag: `"${createHash('md5').update(body).digest('hex')}"`,
  }));
}
