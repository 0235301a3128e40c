import { Agent as PlainPool } from 'node:http';
import { Agent as TlsPool } from 'node:https';
import { HttpError, type HttpResponse, type SendHttp, sendHttp } from '../http.ts';
import type { AwsCredentials, CredentialsProvider } from './credentials.ts';
import { createSigner } from './sign.ts';

/** What AWS answered, whole. `date` is the service's own clock in ms since the epoch (NaN where it told none). */
export interface AwsResponse {
  status: number;
  bytes: Buffer;
  /** The bytes as text. */
  readonly body: string;
  headers: { get(name: string): string | null; names(): string[] };
  date: number;
}

export interface AwsRequest {
  service: keyof typeof ENDPOINT_VARIABLE;
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  url: string;
  body?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/** Sends one signed request. Rejects with `AwsError` on anything but 2xx and 404, and on timeouts and broken lines. */
export interface AwsClient {
  region: string;
  /** Where a service is: AWS_ENDPOINT_URL_<SERVICE>, else AWS_ENDPOINT_URL, else AWS's own address. */
  endpoint(service: AwsRequest['service']): string;
  /** True where an endpoint was set by hand: buckets are then named in the path, not in the host. */
  customEndpoint(service: AwsRequest['service']): boolean;
  send(request: AwsRequest): Promise<AwsResponse>;
}

/**
 * A request that AWS refused or that never came back. `code` is AWS's own, or `Timeout`, `Network`, `Malformed`,
 * `Credentials` (there are no keys to sign with).
 */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number | undefined;
  constructor(message: string, code: string, status?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
  }
}

export interface AwsClientOptions {
  region: string;
  credentials: CredentialsProvider;
  environment: Readonly<Record<string, string | undefined>>;
  /** How long one request may take, all of it. */
  timeoutMs: number;
  /** The network, and the wall's time to sign with, where they are not the machine's own. */
  send?: SendHttp;
  now?: () => number;
}

/** AWS refuses what is signed some minutes off; a clock that is further off than this is not signed by. */
const GREATEST_SKEW_MS = 60_000;

const ENDPOINT_VARIABLE = {
  s3: 'AWS_ENDPOINT_URL_S3',
  autoscaling: 'AWS_ENDPOINT_URL_AUTO_SCALING',
  elasticloadbalancing: 'AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2',
  monitoring: 'AWS_ENDPOINT_URL_CLOUDWATCH',
  ssm: 'AWS_ENDPOINT_URL_SSM',
} as const;

export function createAwsClient(options: AwsClientOptions): AwsClient {
  const { region, environment, now = Date.now } = options;
  const sendRequest = options.send ?? sendHttp;
  const sign = createSigner(region);
  // Connections are kept for the next request: a thousand reads must not pay for a thousand handshakes.
  const plainPool = new PlainPool({ keepAlive: true });
  const tlsPool = new TlsPool({ keepAlive: true });

  /** What the machine's clock lacks to the services' own, once they have told that it is off. */
  let skewMs = 0;

  function configured(service: AwsRequest['service']): string | undefined {
    const endpoint = environment[ENDPOINT_VARIABLE[service]] || environment.AWS_ENDPOINT_URL;
    return endpoint?.replace(/\/$/, '');
  }

  async function send(request: AwsRequest): Promise<AwsResponse> {
    const url = new URL(request.url);
    const what = `${request.method} ${url.pathname} (${request.service})`;
    const { service, method, body = '', headers = {} } = request;
    // Before it is signed: when the time for a thousand reads is over, those that wait must not take more of it.
    if (request.signal?.aborted) throw new AwsError(`${what}: given up before it was sent`, 'Timeout');
    let credentials: AwsCredentials;
    try {
      credentials = await options.credentials();
    } catch (cause) {
      throw new AwsError(`${what}: no keys to sign with`, 'Credentials', undefined, cause);
    }
    let response: HttpResponse;
    try {
      response = await sendRequest({
        method,
        url,
        headers: sign({ service, method, url, headers, body }, credentials, now() + skewMs),
        ...(method === 'GET' ? {} : { body }),
        timeoutMs: options.timeoutMs,
        signal: request.signal,
        pool: url.protocol === 'https:' ? tlsPool : plainPool,
      });
    } catch (cause) {
      if (cause instanceof HttpError && cause.timedOut) {
        throw new AwsError(`${what}: no answer in time`, 'Timeout', undefined, cause);
      }
      throw new AwsError(`${what}: the connection failed`, 'Network', undefined, cause);
    }
    learnTime(Date.parse(response.headers.date ?? ''));
    return answered(what, response);
  }

  /** Whatever the answer says, its date is right: the next request is signed by it. */
  function learnTime(date: number): void {
    if (Math.abs(date - now() - skewMs) > GREATEST_SKEW_MS) skewMs = date - now();
  }

  return {
    region,
    endpoint: (service) => configured(service) ?? `https://${service}.${region}.amazonaws.com`,
    customEndpoint: (service) => configured(service) !== undefined,
    send,
  };
}

function answered(what: string, { status, body: bytes, headers }: HttpResponse): AwsResponse {
  if (status === 404 || (status >= 200 && status < 300)) {
    const header = (name: string) => [headers[name.toLowerCase()]].flat().join(', ') || null;
    return {
      status,
      bytes,
      get body() {
        return bytes.toString();
      },
      headers: { get: header, names: () => Object.keys(headers) },
      date: Date.parse(header('date') ?? ''),
    };
  }
  const body = bytes.toString();
  const code =
    /<Code>([^<]+)<\/Code>/.exec(body)?.[1] ?? /"__type"\s*:\s*"([^"]+)"/.exec(body)?.[1] ?? `Http${status}`;
  const text =
    /<Message>([^<]+)<\/Message>/.exec(body)?.[1] ?? /"[Mm]essage"\s*:\s*"([^"]+)"/.exec(body)?.[1] ?? '';
  throw new AwsError(`${what}: ${code}${text ? `: ${text}` : ''}`, code, status);
}
