import { md5Of, type StoredObject } from '../objects.ts';
import type { Result } from './api.ts';

/** What it holds. */
export function bytesOf({ body, contentType, generation }: StoredObject): Result {
  return {
    kind: 'bytes',
    body,
    // When it was written is said by its resource; these headers do not promise it.
    headers: {
      'content-type': contentType,
      etag: etagOf(generation),
      'x-goog-generation': String(generation),
      'x-goog-metageneration': '1',
      'x-goog-storage-class': 'STANDARD',
      'x-goog-hash': `md5=${md5Of(body)}`,
    },
  };
}

/** What is said of it. */
export function described(
  bucket: string,
  { key, body, contentType, updated, generation }: StoredObject,
): object {
  const written = new Date(updated).toISOString();
  return {
    kind: 'storage#object',
    id: `${bucket}/${key}/${generation}`,
    name: key,
    bucket,
    generation: String(generation),
    metageneration: '1',
    contentType,
    storageClass: 'STANDARD',
    size: String(body.length),
    md5Hash: md5Of(body),
    etag: etagOf(generation),
    timeCreated: written,
    updated: written,
    timeFinalized: written,
    timeStorageClassUpdated: written,
  };
}

function etagOf(generation: bigint): string {
  return Buffer.from(String(generation)).toString('base64');
}
