import { describeError } from '../error.ts';
import { type SendHttp, sendHttp } from '../http.ts';

/** What the metadata server said. Only `absent` (404) says that there is none; everything else is unknown. */
export type MetadataReading =
  | { kind: 'found'; text: string; etag: string }
  | { kind: 'absent' }
  | { kind: 'unknown'; reason: string };

export interface MetadataQuery {
  /** Waits until the value is another than the one with this etag, but not longer than `waitMs`. */
  change?: { lastEtag: string; waitMs: number };
  /** A directory is read whole, as JSON. */
  recursive?: boolean;
  /** More of the query, such as the audience of an identity token. */
  parameters?: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
}

/** The metadata server of a Google machine or function. */
export interface Metadata {
  /** Reads a path under `/computeMetadata/v1/`. Never rejects. */
  read(path: string, query?: MetadataQuery): Promise<MetadataReading>;
}

export interface MetadataOptions {
  environment: Readonly<Record<string, string | undefined>>;
  /** How long one request may take, besides what it was told to wait. */
  timeoutMs: number;
  send?: SendHttp;
}

/** GCE_METADATA_HOST (HOST or HOST:PORT) stands in for the server, as in Google's own libraries. */
export function createMetadata({ environment, timeoutMs, send = sendHttp }: MetadataOptions): Metadata {
  const base = `http://${environment.GCE_METADATA_HOST || 'metadata.google.internal'}/computeMetadata/v1`;

  async function read(path: string, query: MetadataQuery = {}): Promise<MetadataReading> {
    const { change, recursive, parameters, signal } = query;
    const url = new URL(`${base}/${path}`);
    for (const [name, value] of Object.entries(parameters ?? {})) url.searchParams.set(name, value);
    if (recursive) {
      url.searchParams.set('recursive', 'true');
      url.searchParams.set('alt', 'json');
    }
    if (change) {
      url.searchParams.set('wait_for_change', 'true');
      url.searchParams.set('last_etag', change.lastEtag);
      url.searchParams.set('timeout_sec', String(Math.ceil(change.waitMs / 1000)));
    }
    try {
      const { status, headers, body } = await send({
        method: 'GET',
        url,
        headers: { 'metadata-flavor': 'Google' },
        timeoutMs: timeoutMs + (change?.waitMs ?? 0),
        signal,
      });
      if (status === 404) return { kind: 'absent' };
      if (status !== 200) return { kind: 'unknown', reason: `${path}: HTTP ${status}` };
      // A proxy, or another service on that address, would answer too.
      if (headers['metadata-flavor'] !== 'Google')
        return { kind: 'unknown', reason: `${path}: not an answer of the metadata server` };
      const text = body.toString().trim();
      if (text === '') return { kind: 'unknown', reason: `${path}: an empty answer` };
      return { kind: 'found', text, etag: String(headers.etag ?? '0') };
    } catch (cause) {
      return { kind: 'unknown', reason: `${path}: ${describeError(cause)}` };
    }
  }

  return { read };
}
