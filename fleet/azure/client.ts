import * as v from 'valibot';
import { createBearerHttp, jsonOf, type ServiceAnswer, ServiceError } from '../bearer-http.ts';
import type { HttpRequest, SendHttp } from '../http.ts';
import type { TokenProvider } from '../kept-token.ts';
import { parseXml } from '../xml.ts';

/** `reason` is Azure's own code: `BlobNotFound`, `AuthorizationPermissionMismatch`… */
export class AzureError extends ServiceError {
  override readonly name = 'AzureError';
}

export interface AzureRequest {
  method: HttpRequest['method'];
  /** From the service's base, every variable part encoded by the caller; or a link that the service itself gave. */
  path: string;
  query?: Readonly<Record<string, string | number | undefined>>;
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal | undefined;
}

/** One service. Rejects with `AzureError` on anything but 2xx, and on timeouts and broken lines. */
export interface AzureClient {
  readonly base: string;
  send(request: AzureRequest): Promise<ServiceAnswer>;
}

export interface AzureClientOptions {
  /** The resource manager's address, or an account's blob endpoint. */
  base: string;
  token: TokenProvider;
  /** What every request of this service has. */
  headers?: Record<string, string>;
  timeoutMs: number;
  send?: SendHttp | undefined;
}

export function createAzureClient(options: AzureClientOptions): AzureClient {
  const base = options.base.replace(/\/+$/, '');
  const ask = createBearerHttp({ ...options, Failure: AzureError });

  return {
    base,
    async send({ path, query = {}, headers, ...request }) {
      const url = new URL(path.startsWith('/') ? `${base}${path}` : path);
      const what = `${request.method} ${url.host}${url.pathname}`;
      // A token of this service is for nobody else.
      if (!url.href.startsWith(`${base}/`)) throw new AzureError(`${what}: not of ${base}`, 'malformed');
      for (const [name, value] of Object.entries(query)) {
        if (value !== undefined) url.searchParams.set(name, String(value));
      }
      const answer = await ask({ ...request, what, url, headers: { ...options.headers, ...headers } });
      if (answer.status >= 200 && answer.status < 300) return answer;
      throw refusal(what, answer);
    },
  };
}

const jsonRefusal = v.object({
  error: v.object({ code: v.string(), message: v.optional(v.string(), '') }),
});
const xmlRefusal = v.object({ Error: v.object({ Code: v.string(), Message: v.optional(v.string(), '') }) });

/** The resource manager says why as JSON, the blob store as XML or in a header alone. */
function refusal(what: string, answer: ServiceAnswer): AzureError {
  const { status, headers } = answer;
  const json = jsonOf(answer, jsonRefusal)?.error;
  const xml = v.safeParse(xmlRefusal, parseXml(answer.bytes.toString(), []));
  const code =
    headers.get('x-ms-error-code') ??
    json?.code ??
    (xml.success ? xml.output.Error.Code : undefined) ??
    `http${status}`;
  // After its first line the blob store tells ids and times.
  const [text = ''] = (json?.message ?? (xml.success ? xml.output.Error.Message : '')).split('\n');
  const hint = HINTS.get(code);
  const said = `${code}${text && `: ${text.slice(0, 600)}`}${hint === undefined ? '' : ` (${hint})`}`;
  return new AzureError(`${what}: HTTP ${status} ${said}`, code, status);
}

/** What a person should do about it. */
const HINTS: ReadonlyMap<string, string> = new Map([
  [
    'AuthorizationPermissionMismatch',
    'has this identity its role there? A new assignment takes minutes to be heard of',
  ],
  ['ContainerNotFound', 'the container is gone: `pulumi up` makes it again'],
  ['SubscriptionNotFound', 'is the id of another subscription?'],
]);
