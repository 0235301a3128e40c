import { createHash } from 'node:crypto';
import { createBuckets, type Objects as ObjectsOf } from '../cloud/objects.ts';
import type { Bucket } from './model.ts';

export interface StoredObject {
  key: string;
  body: Buffer;
  contentType: string;
  /** Real time, ms since the epoch. */
  updated: number;
  /** Another with every write; microseconds since the epoch, as Google's are. */
  generation: bigint;
}

export type Objects = ObjectsOf<Bucket, StoredObject>;

export function createObjects(now: () => number): Objects {
  let last = 0n;
  return createBuckets((key, body, contentType) => {
    const generation = BigInt(Math.floor(now())) * 1000n;
    last = generation > last ? generation : last + 1n;
    return { key, body, contentType, updated: now(), generation: last };
  });
}

export function md5Of(body: Buffer): string {
  return createHash('md5').update(body).digest('base64');
}
