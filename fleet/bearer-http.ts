import { Agent as PlainPool } from 'node:http';
import { Agent as TlsPool } from 'node:https';
import * as v from 'valibot';
import { HttpError, type HttpRequest, type HttpResponse, type SendHttp, sendHttp } from './http.ts';
import type { TokenProvider } from './kept-token.ts';

export interface BearerRequest {
  /** What it is, for whoever reads the error. */
  what: string;
  method: HttpRequest['method'];
  url: URL;
  headers?: Record<string, string>;
  body?: string | undefined;
  signal?: AbortSignal | undefined;
  /** It must not be done twice: then it is sent once, over a connection of its own. */
  once?: boolean;
}

/** What a service answered, whole. `date` is its own clock in ms since the epoch (NaN where it told none). */
export interface ServiceAnswer {
  status: number;
  bytes: Buffer;
  headers: { get(name: string): string | null };
  date: number;
}

/**
 * A request that a service refused or that never came back. `reason` is the service's own, or `timeout`, `network`,
 * `malformed`, `credentials` (there is no token to send).
 */
export class ServiceError extends Error {
  readonly reason: string;
  readonly status: number | undefined;
  constructor(message: string, reason: string, status?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.status = status;
  }
}

export interface BearerHttpOptions {
  token: TokenProvider;
  /** How long one request may take, all of it. */
  timeoutMs: number;
  /** The network, where it is not the machine's own. */
  send?: SendHttp | undefined;
  /** The error of the one service. */
  Failure: typeof ServiceError;
}

/** Sends requests with a token, over connections that are kept; gives every answer, whatever its status. */
export function createBearerHttp({
  token,
  timeoutMs,
  send = sendHttp,
  Failure,
}: BearerHttpOptions): (request: BearerRequest) => Promise<ServiceAnswer> {
  // A thousand reads must not pay for a thousand handshakes.
  const plainPool = new PlainPool({ keepAlive: true });
  const tlsPool = new TlsPool({ keepAlive: true });

  return async ({ what, method, url, headers, body, signal, once = false }) => {
    // When the time for a thousand reads is over, those that wait must not take more of it.
    if (signal?.aborted) throw new Failure(`${what}: given up before it was sent`, 'timeout');
    const bearer = await token().catch((cause: unknown) => {
      throw new Failure(`${what}: no token to send`, 'credentials', undefined, cause);
    });
    try {
      const answer = await send({
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
        // What goes through a pool is tried again where its connection was closed before an answer.
        ...(once ? {} : { pool: url.protocol === 'https:' ? tlsPool : plainPool }),
      });
      return whole(answer);
    } catch (cause) {
      if (cause instanceof HttpError && cause.timedOut)
        throw new Failure(`${what}: no answer in time`, 'timeout', undefined, cause);
      throw new Failure(`${what}: the connection failed`, 'network', undefined, cause);
    }
  };
}

function whole({ status, body: bytes, headers }: HttpResponse): ServiceAnswer {
  const header = (name: string) => [headers[name.toLowerCase()]].flat().join(', ') || null;
  return { status, bytes, headers: { get: header }, date: Date.parse(header('date') ?? '') };
}

/** The JSON of an answer, as the caller's schema reads it; undefined where it is another thing. */
export function jsonOf<Output>(
  { bytes }: Pick<ServiceAnswer, 'bytes'>,
  schema: v.GenericSchema<unknown, Output>,
): Output | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), bytes.toString());
  return parsed.success ? parsed.output : undefined;
}
