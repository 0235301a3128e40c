import type { Clock } from '../../../fleet/clock.ts';
import { GARBAGE, spoiled } from '../../cloud/faults.ts';
import type { Faults } from '../faults.ts';
import { etagOf, find, listing, recursive, type Tree } from './tree.ts';

/** What a machine or a function is told of itself. */
export interface MetadataSource {
  /** For faults that concern one machine. */
  instance: string | undefined;
  /** As it is now. */
  tree(): Tree;
  /** Calls back whenever the tree may have changed, until the answer is called. */
  onChange(listener: () => void): () => void;
  /** A token of its service account; undefined where it has none. */
  accessToken(): { token: string; expiresInS: number } | undefined;
  /** Undefined where it has no service account. */
  identityToken(audience: string): string | undefined;
}

export interface MetadataRequest {
  method: string;
  /** Path and query, undecoded. */
  target: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface MetadataReply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Undefined: nothing at all. `gone` tells that the caller has hung up. */
export type MetadataService = (
  request: MetadataRequest,
  gone?: AbortSignal,
) => Promise<MetadataReply | undefined>;

const ROOT = '/computeMetadata/v1/';
const FLAVOR = { 'metadata-flavor': 'Google', server: 'Metadata Server for VM' };
const SERVICE_ACCOUNT = /^instance\/service-accounts\/(?:default|[^/]+@[^/]+)\/(token|identity)$/;
const KNOWN = new Set([
  'wait_for_change',
  'last_etag',
  'timeout_sec',
  'recursive',
  'alt',
  'audience',
  'format',
]);

/** What the metadata server of one machine or function answers. `clock`: real time, as it is waited. */
export function createMetadataService(source: MetadataSource, faults: Faults, clock: Clock): MetadataService {
  return async ({ method, target, headers }, gone) => {
    const url = new URL(target, 'http://metadata.google.internal');
    const path = url.pathname.startsWith(ROOT)
      ? decodeURIComponent(url.pathname.slice(ROOT.length))
      : undefined;
    const fault = faults.take({ service: 'metadata', action: path ?? '', instance: source.instance });
    if (fault !== undefined) {
      return spoiled(fault, plain(503, 'Service Unavailable'), { status: 200, headers: {}, body: GARBAGE });
    }
    if (method !== 'GET') return plain(405, 'Method Not Allowed');
    // A proxy in between, or a page that a browser on the machine was led to, would be somebody else's way in.
    if (headers['metadata-flavor'] !== 'Google') return plain(403, 'Missing Metadata-Flavor:Google header.');
    if (headers['x-forwarded-for'] !== undefined) return plain(403, 'Forbidden');
    if (path === undefined) return plain(404, 'Not Found');
    for (const name of url.searchParams.keys()) {
      if (!KNOWN.has(name)) return plain(400, `unknown parameter ${name}`);
    }
    const [, wanted] = SERVICE_ACCOUNT.exec(path) ?? [];
    if (wanted !== undefined) return ofServiceAccount(wanted, url.searchParams);
    return read(path, url.searchParams, gone);
  };

  function ofServiceAccount(wanted: string, query: URLSearchParams): MetadataReply {
    if (wanted === 'token') {
      const token = source.accessToken();
      if (token === undefined) return plain(404, 'Not Found');
      const body = { access_token: token.token, expires_in: token.expiresInS, token_type: 'Bearer' };
      return json(JSON.stringify(body), etagOf(token.token));
    }
    const audience = query.get('audience');
    if (!audience) return plain(400, 'non-empty audience parameter required');
    const identity = source.identityToken(audience);
    return identity === undefined ? plain(404, 'Not Found') : plain(200, identity, etagOf(identity));
  }

  async function read(path: string, query: URLSearchParams, gone?: AbortSignal): Promise<MetadataReply> {
    const steps = path.split('/').filter((step) => step !== '');
    const found = find(source.tree(), steps);
    // What is not there is told at once, however long the caller would wait.
    if (found === undefined) return plain(404, 'Not Found');
    if (query.get('wait_for_change') === 'true') {
      const since = query.get('last_etag') ?? etagOf(found);
      const seconds = Number(query.get('timeout_sec') ?? Number.POSITIVE_INFINITY);
      if (Number.isNaN(seconds) || seconds < 0) return plain(400, 'timeout_sec must be a number of seconds');
      await changed(steps, since, seconds * 1000, gone);
    }
    const now = find(source.tree(), steps);
    return now === undefined ? plain(404, 'Not Found') : write(now, path, query);
  }

  function changed(
    steps: readonly string[],
    since: string,
    withinMs: number,
    gone: AbortSignal | undefined,
  ): Promise<void> {
    return new Promise((resolve) => {
      const isOther = () => {
        const now = find(source.tree(), steps);
        return now === undefined || etagOf(now) !== since;
      };
      const end = () => {
        forget();
        cancel?.();
        gone?.removeEventListener('abort', end);
        resolve();
      };
      const forget = source.onChange(() => {
        if (isOther()) end();
      });
      const cancel = Number.isFinite(withinMs) ? clock.after(withinMs, end) : undefined;
      gone?.addEventListener('abort', end, { once: true });
      if (gone?.aborted || isOther()) end();
    });
  }
}

function write(value: string | Tree, path: string, query: URLSearchParams): MetadataReply {
  const etag = etagOf(value);
  const asJson = query.get('alt') === 'json';
  if (typeof value === 'string') return asJson ? json(JSON.stringify(value), etag) : plain(200, value, etag);
  if (query.get('recursive') === 'true') {
    if (query.get('alt') === 'text') return plain(400, 'the twin tells a whole directory as JSON only');
    return json(JSON.stringify(recursive(value, path.replace(/\/+$/, '').endsWith('attributes'))), etag);
  }
  if (path !== '' && !path.endsWith('/')) {
    return { status: 301, headers: { ...FLAVOR, location: `${ROOT}${path}/` }, body: '' };
  }
  return plain(200, listing(value), etag);
}

function json(body: string, etag: string): MetadataReply {
  return { status: 200, headers: { ...FLAVOR, etag, 'content-type': 'application/json' }, body };
}

function plain(status: number, body: string, etag?: string): MetadataReply {
  const type = status === 200 ? 'application/text' : 'text/html; charset=UTF-8';
  return {
    status,
    headers: { ...FLAVOR, ...(etag === undefined ? {} : { etag }), 'content-type': type },
    body,
  };
}
