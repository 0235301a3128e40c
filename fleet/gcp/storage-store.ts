import * as v from 'valibot';
import { objectAge } from '../object-age.ts';
import type { ReadObject, StoredObject, VersionedStore } from '../object-store.ts';
import { type GcpClient, GcpError, type GcpResponse, readAnswer } from './client.ts';
import { bucketPath, objectPath } from './object-path.ts';

const listSchema = v.object({
  kind: v.literal('storage#objects'),
  items: v.optional(
    v.array(v.object({ name: v.string(), updated: v.pipe(v.string(), v.isoTimestamp()) })),
    [],
  ),
  nextPageToken: v.optional(v.string()),
});
const writtenSchema = v.object({ kind: v.literal('storage#object'), name: v.string() });
/** The most that one page may have. */
const PAGE = 1_000;
const FIELDS = 'kind,items(name,updated),nextPageToken';

/** An object store on Cloud Storage, by its JSON API. A version is an object's generation. */
export function createStorageStore({
  client,
  bucket,
}: {
  client: GcpClient;
  bucket: string;
}): VersionedStore {
  async function readPage(query: Record<string, string | number | undefined>, signal?: AbortSignal) {
    const request = { service: 'storage', method: 'GET', path: bucketPath(bucket) } as const;
    const response = await client.send({ ...request, query: { ...query, fields: FIELDS }, signal });
    const page = readAnswer(`listing ${query.prefix} in bucket ${bucket}`, response, listSchema);
    return { page, date: response.date };
  }

  async function* list(prefix: string, signal?: AbortSignal): AsyncIterable<StoredObject[]> {
    let pageToken: string | undefined;
    do {
      const { page, date } = await readPage({ prefix, pageToken, maxResults: PAGE }, signal);
      yield page.items.map(({ name, updated }) => ({
        key: name,
        ageMs: objectAge(name, date, Date.parse(updated)),
      }));
      pageToken = page.nextPageToken || undefined;
    } while (pageToken !== undefined);
  }

  async function get(key: string, signal?: AbortSignal): Promise<ReadObject | undefined> {
    const path = objectPath(bucket, key);
    const request = { service: 'storage', method: 'GET', path, query: { alt: 'media' }, signal } as const;
    let response: GcpResponse;
    try {
      response = await client.send(request);
    } catch (cause) {
      if (!(cause instanceof GcpError) || cause.status !== 404) throw cause;
      if (!/no such object/i.test(cause.message)) await proveAbsent(key, cause, signal);
      return undefined;
    }
    const ageMs = objectAge(key, response.date, writtenAt(response));
    const version = response.headers.get('x-goog-generation') ?? undefined;
    return { key, ageMs, body: response.bytes.toString(), version };
  }

  /** A missing bucket is a broken installation, and any proxy may say 404: only a list without the key proves it absent. */
  async function proveAbsent(key: string, notFound: GcpError, signal?: AbortSignal): Promise<void> {
    const { page } = await readPage({ prefix: key, maxResults: 1 }, signal).catch((cause: unknown) => {
      throw new GcpError(
        `reading ${key} in bucket ${bucket}: not found, and no list`,
        'notFound',
        404,
        cause,
      );
    });
    if (page.items.some(({ name }) => name === key)) throw notFound;
  }

  async function write(
    key: string,
    body: string,
    condition: { ifGenerationMatch?: string },
    signal?: AbortSignal,
  ): Promise<void> {
    const response = await client.send({
      service: 'storage',
      method: 'POST',
      path: `/upload${bucketPath(bucket)}`,
      query: { uploadType: 'media', name: key, ...condition },
      body,
      signal,
    });
    // Whatever else may answer 200 on the way, only the store tells which object it wrote.
    const { name } = readAnswer(`writing ${key} in bucket ${bucket}`, response, writtenSchema);
    if (name !== key)
      throw new GcpError(`writing ${key} in bucket ${bucket}: the store wrote ${name}`, 'malformed');
  }

  const put = (key: string, body: string, signal?: AbortSignal) => write(key, body, {}, signal);

  async function replace(
    key: string,
    body: string,
    version: string | undefined,
    signal?: AbortSignal,
  ): Promise<boolean> {
    try {
      // Generation 0: there is none.
      await write(key, body, { ifGenerationMatch: version ?? '0' }, signal);
      return true;
    } catch (cause) {
      if (cause instanceof GcpError && cause.status === 412) return false;
      throw cause;
    }
  }

  return { list, get, put, replace };
}

/** When an object was written, which its generation (in µs) tells too, should a download have no Last-Modified. */
function writtenAt({ headers }: GcpResponse): number {
  const modified = headers.get('last-modified');
  if (modified !== null) return Date.parse(modified);
  const generation = headers.get('x-goog-generation');
  return generation === null ? Number.NaN : Number(generation) / 1000;
}
