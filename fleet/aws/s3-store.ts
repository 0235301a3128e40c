import { objectAge } from '../object-age.ts';
import type { ObjectMetadata, ReadObject, RemovingStore, StoredObject } from '../object-store.ts';
import { bucketUrl, encodeKey } from './bucket-url.ts';
import { type AwsClient, AwsError, type AwsResponse } from './client.ts';
import { parseListPage } from './list-page.ts';

export interface S3StoreOptions {
  client: AwsClient;
  bucket: string;
  /** An S3-compatible store's own address (DigitalOcean Spaces: https://REGION.digitaloceanspaces.com). */
  endpoint?: string;
}

/** An object store over the S3 protocol: S3 itself, Spaces, moto. */
export function createS3Store(options: S3StoreOptions): RemovingStore {
  const { client, bucket } = options;
  const base = bucketUrl(client, bucket, options.endpoint);

  async function* pages(
    prefix: string,
    after: string | undefined,
    signal?: AbortSignal,
  ): AsyncIterable<StoredObject[]> {
    let token: string | undefined;
    do {
      const query = new URLSearchParams({ 'list-type': '2', prefix });
      if (token !== undefined) query.set('continuation-token', token);
      else if (after !== undefined) query.set('start-after', after);
      const response = await client.send({ service: 's3', method: 'GET', url: `${base}/?${query}`, signal });
      const page = response.status === 200 ? parseListPage(response.body) : undefined;
      if (page === undefined) {
        throw new AwsError(
          `listing ${prefix} in bucket ${bucket}: not a list (HTTP ${response.status}): ${response.body.slice(0, 120)}`,
          'Malformed',
          response.status,
        );
      }
      yield page.objects.map((object) => ({
        key: object.Key,
        ageMs: objectAge(object.Key, response.date, Date.parse(object.LastModified)),
      }));
      if (!page.isTruncated) return;
      token = page.token;
      if (token === undefined) {
        throw new AwsError(
          `listing ${prefix} in bucket ${bucket}: more to come, but no token for it`,
          'Malformed',
        );
      }
    } while (true);
  }

  async function get(key: string, signal?: AbortSignal): Promise<ReadObject | undefined> {
    const response = await client.send({
      service: 's3',
      method: 'GET',
      url: `${base}/${encodeKey(key)}`,
      signal,
    });
    if (response.status === 404) {
      // A missing bucket is a broken installation, not a missing object.
      if (response.body.includes('<Code>NoSuchKey</Code>')) return undefined;
      throw new AwsError(
        `reading ${key} in bucket ${bucket}: ${response.body.slice(0, 200)}`,
        'NotFound',
        404,
      );
    }
    const modified = Date.parse(response.headers.get('last-modified') ?? '');
    const ageMs = objectAge(key, response.date, modified);
    return { key, ageMs, body: response.body, metadata: metadataOf(response) };
  }

  async function put(
    key: string,
    body: string,
    signal?: AbortSignal,
    metadata: ObjectMetadata = {},
  ): Promise<void> {
    const response = await client.send({
      service: 's3',
      method: 'PUT',
      url: `${base}/${encodeKey(key)}`,
      body,
      headers: { 'content-type': 'application/json', ...asHeaders(metadata) },
      signal,
    });
    if (response.status === 404)
      throw new AwsError(`writing ${key}: there is no bucket ${bucket}`, 'NoSuchBucket', 404);
    // Whatever else may answer 200 on the way, only a store tells which object it wrote.
    if (response.headers.get('etag') === null) {
      throw new AwsError(
        `writing ${key} in bucket ${bucket}: the answer has no ETag, so no store wrote it (HTTP ${response.status}): ${response.body.slice(0, 120)}`,
        'Malformed',
        response.status,
      );
    }
  }

  async function remove(key: string, signal?: AbortSignal): Promise<void> {
    const response = await client.send({
      service: 's3',
      method: 'DELETE',
      url: `${base}/${encodeKey(key)}`,
      signal,
    });
    if (response.status === 404 && !response.body.includes('<Code>NoSuchKey</Code>'))
      throw new AwsError(`removing ${key}: there is no bucket ${bucket}`, 'NoSuchBucket', 404);
  }

  return {
    list: (prefix, signal) => pages(prefix, undefined, signal),
    listAfter: pages,
    get,
    put,
    remove,
  };
}

const METADATA = 'x-amz-meta-';

function asHeaders(metadata: ObjectMetadata): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`${METADATA}${name}`, value]));
}

function metadataOf({ headers }: AwsResponse): ObjectMetadata {
  return Object.fromEntries(
    headers
      .names()
      .filter((name) => name.startsWith(METADATA))
      .map((name) => [name.slice(METADATA.length), headers.get(name) ?? '']),
  );
}
