import { Agent as PlainPool } from 'node:http';
import { Agent as TlsPool } from 'node:https';
import * as v from 'valibot';
import { HttpError, type HttpRequest, type HttpResponse, type SendHttp, sendHttp } from '../http.ts';
import type { TokenProvider } from './access-token.ts';

export type GcpService = 'compute' | 'storage' | 'secretmanager' | 'monitoring';

export interface GcpRequest {
  service: GcpService;
  method: HttpRequest['method'];
  /** From the root of the service: `/compute/v1/projects/…`; every variable part is encoded by the caller. */
  path: string;
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  body?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/** What Google answered, whole. `date` is the service's own clock in ms since the epoch (NaN where it told none). */
export interface GcpResponse {
  status: number;
  bytes: Buffer;
  headers: { get(name: string): string | null };
  date: number;
}

/**
 * A request that Google refused or that never came back. `reason` is Google's own (`notFound`, `quotaExceeded`,
 * `rateLimitExceeded`…), or `timeout`, `network`, `malformed`, `credentials` (there is no token to send).
 */
export class GcpError extends Error {
  readonly reason: string;
  readonly status: number | undefined;
  constructor(message: string, reason: string, status?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'GcpError';
    this.reason = reason;
    this.status = status;
  }
}

/** Sends one authorized request. Rejects with `GcpError` on anything but 2xx, and on timeouts and broken lines. */
export interface GcpClient {
  send(request: GcpRequest): Promise<GcpResponse>;
}

export interface GcpClientOptions {
  token: TokenProvider;
  environment: Readonly<Record<string, string | undefined>>;
  /** How long one request may take, all of it. */
  timeoutMs: number;
  /** The network, where it is not the machine's own. */
  send?: SendHttp;
}

/** By the variables of Google's own command line an operator, or a rehearsal, puts a service somewhere else. */
const ENDPOINT_VARIABLE = {
  compute: 'CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE',
  storage: 'CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE',
  secretmanager: 'CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER',
  monitoring: 'CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING',
} as const satisfies Record<GcpService, string>;

export function createGcpClient(options: GcpClientOptions): GcpClient {
  const { environment, token, timeoutMs, send: sendRequest = sendHttp } = options;
  // Connections are kept for the next request: a thousand reads must not pay for a thousand handshakes.
  const plainPool = new PlainPool({ keepAlive: true });
  const tlsPool = new TlsPool({ keepAlive: true });

  function endpoint(service: GcpService): string {
    const configured = environment[ENDPOINT_VARIABLE[service]];
    return (configured || `https://${service}.googleapis.com`).replace(/\/+$/, '');
  }

  async function send(request: GcpRequest): Promise<GcpResponse> {
    const { service, method, path, query = {}, body, headers = {}, signal } = request;
    const what = `${method} ${path} (${service})`;
    // When the time for a thousand reads is over, those that wait must not take more of it.
    if (signal?.aborted) throw new GcpError(`${what}: given up before it was sent`, 'timeout');
    const bearer = await token().catch((cause: unknown) => {
      throw new GcpError(`${what}: no token to send`, 'credentials', undefined, cause);
    });
    const url = new URL(`${endpoint(service)}${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    let response: HttpResponse;
    try {
      response = await sendRequest({
        method,
        url,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
          authorization: `Bearer ${bearer}`,
        },
        ...(body === undefined ? {} : { body }),
        timeoutMs,
        signal,
        pool: url.protocol === 'https:' ? tlsPool : plainPool,
      });
    } catch (cause) {
      if (cause instanceof HttpError && cause.timedOut)
        throw new GcpError(`${what}: no answer in time`, 'timeout', undefined, cause);
      throw new GcpError(`${what}: the connection failed`, 'network', undefined, cause);
    }
    return answered(what, response);
  }

  return { send };
}

const errorSchema = v.object({
  error: v.object({
    message: v.optional(v.string(), ''),
    status: v.optional(v.string()),
    errors: v.optional(v.array(v.object({ reason: v.optional(v.string()) }))),
  }),
});

function answered(what: string, { status, body: bytes, headers }: HttpResponse): GcpResponse {
  if (status >= 200 && status < 300) {
    const header = (name: string) => [headers[name.toLowerCase()]].flat().join(', ') || null;
    return { status, bytes, headers: { get: header }, date: Date.parse(header('date') ?? '') };
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), errorSchema), bytes.toString());
  if (!parsed.success) {
    // A download's refusal is plain text.
    const text = bytes.toString().trim().slice(0, 200);
    throw new GcpError(`${what}: HTTP ${status}${text ? `: ${text}` : ''}`, `http${status}`, status);
  }
  const { message, errors, status: name } = parsed.output.error;
  const reason = errors?.[0]?.reason ?? name ?? `http${status}`;
  throw new GcpError(`${what}: ${reason}${message ? `: ${message}` : ''}`, reason, status);
}

/** The JSON of an answer, as the caller's schema reads it; rejects with `GcpError` (`malformed`) where it is another thing. */
export function readAnswer<Output>(
  what: string,
  { bytes, status }: GcpResponse,
  schema: v.GenericSchema<unknown, Output>,
): Output {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), bytes.toString());
  if (parsed.success) return parsed.output;
  throw new GcpError(
    `${what}: the answer makes no sense: ${v.summarize(parsed.issues)}`,
    'malformed',
    status,
  );
}
