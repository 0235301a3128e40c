import * as v from 'valibot';
import { createBearerHttp, jsonOf, type ServiceAnswer, ServiceError } from '../bearer-http.ts';
import type { HttpRequest, SendHttp } from '../http.ts';
import type { TokenProvider } from '../kept-token.ts';

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

export type GcpResponse = ServiceAnswer;

/** `reason` is Google's own: `notFound`, `quotaExceeded`, `rateLimitExceeded`… */
export class GcpError extends ServiceError {
  override readonly name = 'GcpError';
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
  const { environment, token, timeoutMs, send } = options;
  const ask = createBearerHttp({ token, timeoutMs, send, Failure: GcpError });

  function endpoint(service: GcpService): string {
    const configured = environment[ENDPOINT_VARIABLE[service]];
    return (configured || `https://${service}.googleapis.com`).replace(/\/+$/, '');
  }

  return {
    async send({ service, path, query = {}, ...request }) {
      const what = `${request.method} ${path} (${service})`;
      const url = new URL(`${endpoint(service)}${path}`);
      for (const [name, value] of Object.entries(query)) {
        if (value !== undefined) url.searchParams.set(name, String(value));
      }
      return hoped(what, await ask({ ...request, what, url }));
    },
  };
}

const errorSchema = v.object({
  error: v.object({
    message: v.optional(v.string(), ''),
    status: v.optional(v.string()),
    errors: v.optional(v.array(v.object({ reason: v.optional(v.string()) }))),
  }),
});

function hoped(what: string, answer: GcpResponse): GcpResponse {
  const { status, bytes } = answer;
  if (status >= 200 && status < 300) return answer;
  const refusal = jsonOf(answer, errorSchema);
  if (refusal === undefined) {
    // A download's refusal is plain text.
    const text = bytes.toString().trim().slice(0, 200);
    throw new GcpError(`${what}: HTTP ${status}${text ? `: ${text}` : ''}`, `http${status}`, status);
  }
  const { message, errors, status: name } = refusal.error;
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
