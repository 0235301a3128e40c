import { AwsClient as Signer } from 'aws4fetch';
import type { CredentialsProvider } from './credentials.ts';

/** What AWS answered, whole. `date` is the service's own clock in ms since the epoch. */
export interface AwsResponse {
  status: number;
  body: string;
  headers: Headers;
  date: number;
}

export interface AwsRequest {
  service: 's3' | 'autoscaling' | 'monitoring' | 'ssm';
  method: 'GET' | 'PUT' | 'POST';
  url: string;
  body?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/** Sends one signed request. Rejects with `AwsError` on anything but 2xx and 404, and on timeouts and broken lines. */
export interface AwsClient {
  region: string;
  /** Where a service is: AWS_ENDPOINT_URL_<SERVICE>, else AWS_ENDPOINT_URL, else AWS's own address. */
  endpoint(service: 's3' | 'autoscaling' | 'monitoring' | 'ssm'): string;
  /** True where an endpoint was set by hand: buckets are then named in the path, not in the host. */
  customEndpoint(service: 's3' | 'autoscaling' | 'monitoring' | 'ssm'): boolean;
  send(request: AwsRequest): Promise<AwsResponse>;
}

/** A request that AWS refused or that never came back. `code` is AWS's own, or `Timeout`, `Network`, `Malformed`. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number | undefined;
  constructor(message: string, code: string, status?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
  }

  /** True where the same request may succeed a little later. */
  get retryable(): boolean {
    return (
      this.status === undefined ||
      this.status >= 500 ||
      this.status === 429 ||
      /Throttl|SlowDown|RequestLimit|ExpiredToken|RequestTimeTooSkewed/.test(this.code)
    );
  }
}

export interface AwsClientOptions {
  region: string;
  credentials: CredentialsProvider;
  environment: Readonly<Record<string, string | undefined>>;
  /** How long one request may take, all of it. */
  timeoutMs: number;
}

const ENDPOINT_VARIABLE = {
  s3: 'AWS_ENDPOINT_URL_S3',
  autoscaling: 'AWS_ENDPOINT_URL_AUTO_SCALING',
  monitoring: 'AWS_ENDPOINT_URL_CLOUDWATCH',
  ssm: 'AWS_ENDPOINT_URL_SSM',
} as const;

export function createAwsClient(options: AwsClientOptions): AwsClient {
  const { region, environment } = options;

  function configured(service: AwsRequest['service']): string | undefined {
    const endpoint = environment[ENDPOINT_VARIABLE[service]] || environment.AWS_ENDPOINT_URL;
    return endpoint?.replace(/\/$/, '');
  }

  async function send(request: AwsRequest): Promise<AwsResponse> {
    const credentials = await options.credentials();
    const signer = new Signer({
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey,
      ...(credentials.sessionToken ? { sessionToken: credentials.sessionToken } : {}),
      service: request.service,
      region,
      retries: 0,
    });
    const what = `${request.method} ${new URL(request.url).pathname} (${request.service})`;
    const timeout = AbortSignal.timeout(options.timeoutMs);
    const signal = request.signal ? anySignal([request.signal, timeout]) : timeout;
    let status: number;
    let body: string;
    let headers: Headers;
    try {
      const signed = await signer.sign(request.url, {
        method: request.method,
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(request.headers ? { headers: request.headers } : {}),
      });
      const response = await fetch(signed, { signal });
      status = response.status;
      headers = response.headers;
      body = await response.text();
    } catch (cause) {
      if (signal.aborted) throw new AwsError(`${what}: no answer in time`, 'Timeout', undefined, cause);
      throw new AwsError(`${what}: the connection failed`, 'Network', undefined, cause);
    }
    const date = Date.parse(headers.get('date') ?? '');
    if (status === 404 || (status >= 200 && status < 300)) return { status, body, headers, date };
    const code =
      /<Code>([^<]+)<\/Code>/.exec(body)?.[1] ??
      /"__type"\s*:\s*"([^"]+)"/.exec(body)?.[1] ??
      `Http${status}`;
    const text =
      /<Message>([^<]+)<\/Message>/.exec(body)?.[1] ?? /"[Mm]essage"\s*:\s*"([^"]+)"/.exec(body)?.[1] ?? '';
    throw new AwsError(`${what}: ${code}${text ? `: ${text}` : ''}`, code, status);
  }

  return {
    region,
    endpoint: (service) => configured(service) ?? `https://${service}.${region}.amazonaws.com`,
    customEndpoint: (service) => configured(service) !== undefined,
    send,
  };
}

/** AbortSignal.any for Node 18, where it does not exist yet. */
function anySignal(signals: AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) controller.abort(signal.reason);
    else signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true });
  }
  return controller.signal;
}
