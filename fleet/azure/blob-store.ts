import * as v from 'valibot';
import type { ServiceAnswer } from '../bearer-http.ts';
import type { SendHttp } from '../http.ts';
import type { TokenProvider } from '../kept-token.ts';
import { objectAge } from '../object-age.ts';
import type { ReadObject, StoredObject, VersionedStore } from '../object-store.ts';
import { parseXml } from '../xml.ts';
import { type AzureClient, AzureError, createAzureClient } from './client.ts';

const blobSchema = v.object({ Name: v.string(), Properties: v.object({ 'Last-Modified': v.string() }) });
const blobsSchema = v.object({ Blob: v.optional(v.array(blobSchema), []) });
const listSchema = v.object({
  EnumerationResults: v.object({
    Blobs: v.union([v.pipe(v.string(), v.trim(), v.empty()), blobsSchema]),
    NextMarker: v.string(),
  }),
});

export interface BlobClientOptions {
  /** The blob endpoint of the pool's storage account. */
  store: string;
  /** For whom the blob store answers; its tokens are for `STORAGE_AUDIENCE`. */
  token: TokenProvider;
  timeoutMs: number;
  send?: SendHttp | undefined;
}

export function createBlobClient({ store, ...options }: BlobClientOptions): AzureClient {
  return createAzureClient({ ...options, base: store, headers: { 'x-ms-version': '2023-11-03' } });
}

/**
 * An object store on Blob Storage. Rights are given by container: the first part of a key is one, and what follows is
 * the blob's name in it. A version is a blob's ETag.
 */
export function createBlobStore(client: AzureClient): VersionedStore {
  async function* list(prefix: string, signal?: AbortSignal): AsyncIterable<StoredObject[]> {
    const { container, name } = partsOf(prefix);
    let marker = '';
    do {
      const query = {
        restype: 'container',
        comp: 'list',
        prefix: name || undefined,
        marker: marker || undefined,
      };
      const path = `/${encodeURIComponent(container)}`;
      const response = await client.send({ method: 'GET', path, query, signal });
      const document = parseXml(response.bytes.toString(), ['Blob'], { keepSpaces: true });
      const parsed = v.safeParse(listSchema, document);
      if (!parsed.success) {
        const why = v.summarize(parsed.issues);
        const what = `listing ${prefix} in ${client.base}`;
        throw new AzureError(`${what}: the answer is no list: ${why}`, 'malformed', response.status);
      }
      const { Blobs, NextMarker } = parsed.output.EnumerationResults;
      yield (typeof Blobs === 'string' ? [] : Blobs.Blob).map(({ Name, Properties }) => {
        const key = `${container}/${Name}`;
        return { key, ageMs: objectAge(key, response.date, Date.parse(Properties['Last-Modified'])) };
      });
      marker = NextMarker.trim();
    } while (marker !== '');
  }

  async function get(key: string, signal?: AbortSignal): Promise<ReadObject | undefined> {
    const response = await readBlob(client, key, signal);
    if (response === undefined) return undefined;
    const { headers, date, bytes } = response;
    const ageMs = objectAge(key, date, Date.parse(headers.get('last-modified') ?? ''));
    return { key, ageMs, body: bytes.toString(), version: headers.get('etag') ?? undefined };
  }

  async function write(
    key: string,
    body: string,
    conditions: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<void> {
    const headers = { 'x-ms-blob-type': 'BlockBlob', 'content-type': 'application/json', ...conditions };
    const response = await client.send({ method: 'PUT', path: blobPath(key), headers, body, signal });
    // Whatever else may consent on the way, only the store says that it has made a blob, and which one it is now.
    if (response.status !== 201 || response.headers.get('etag') === null)
      throw new AzureError(
        `writing ${key} in ${client.base}: no store has confirmed it`,
        'malformed',
        response.status,
      );
  }

  async function replace(
    key: string,
    body: string,
    version: string | undefined,
    signal?: AbortSignal,
  ): Promise<boolean> {
    try {
      const condition = version === undefined ? { 'if-none-match': '*' } : { 'if-match': version };
      await write(key, body, condition, signal);
      return true;
    } catch (cause) {
      const isOther = cause instanceof AzureError && OTHER_CONTENT.has(cause.reason);
      if (isOther) return false;
      throw cause;
    }
  }

  return { list, get, put: (key, body, signal) => write(key, body, {}, signal), replace };
}

const OTHER_CONTENT: ReadonlySet<string> = new Set(['ConditionNotMet', 'BlobAlreadyExists']);

/** One blob as it is; undefined only where the store says that it, and not its container, is not there. */
export async function readBlob(
  client: AzureClient,
  key: string,
  signal?: AbortSignal,
): Promise<ServiceAnswer | undefined> {
  try {
    return await client.send({ method: 'GET', path: blobPath(key), signal });
  } catch (cause) {
    if (cause instanceof AzureError && cause.reason === 'BlobNotFound') return undefined;
    throw cause;
  }
}

function blobPath(key: string): string {
  const { container, name } = partsOf(key);
  return `/${[container, ...name.split('/')].map(encodeURIComponent).join('/')}`;
}

function partsOf(key: string): { container: string; name: string } {
  const [container = '', ...rest] = key.split('/');
  if (container === '' || rest.length === 0)
    throw new Error(`${key}: a blob is named by its container, a slash and its name`);
  return { container, name: rest.join('/') };
}
