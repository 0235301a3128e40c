import { setMaxListeners } from 'node:events';
import { Agent, type IncomingHttpHeaders, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';

export interface HttpRequest {
  method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  url: string | URL;
  headers?: Record<string, string>;
  body?: string;
  /** How long all of it may take: connecting, sending, and the last byte of the answer. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** A unix socket to connect to; the URL's host is then only a name in the request. */
  socketPath?: string | undefined;
  /** A pool of connections; without one, every request has a connection of its own. */
  pool?: Agent | undefined;
}

export interface HttpResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** How a request is sent: `sendHttp` itself, or what stands in for the network. Rejects with `HttpError` only. */
export type SendHttp = (request: HttpRequest) => Promise<HttpResponse>;

/** No answer came, or not all of it. `timedOut`: because our own patience ended (timeout or abort). */
export class HttpError extends Error {
  readonly timedOut: boolean;
  constructor(message: string, timedOut: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'HttpError';
    this.timedOut = timedOut;
  }
}

/**
 * One HTTP request, answered whole whatever its status; rejects with `HttpError` only. Over node:http and not fetch:
 * the same on Node 18, and the agent stays some megabytes smaller. A pooled connection that the server had closed
 * meanwhile is tried once more on a new one, so every request sent through a pool must be safe to repeat.
 */
export async function sendHttp(request: HttpRequest): Promise<HttpResponse> {
  const first = await attempt(request);
  if (first !== 'closed-before-use') return first;
  const second = await attempt({ ...request, pool: request.pool && withNewConnections(request.pool) });
  if (second !== 'closed-before-use') return second;
  throw new HttpError('the connection was closed before an answer', false);
}

/** Trusts whom the pool trusts: a store may have a certificate of its own. */
function withNewConnections(pool: Agent): Agent {
  return pool instanceof TlsAgent ? new TlsAgent({ ...pool.options, keepAlive: false }) : new Agent();
}

function attempt(request: HttpRequest): Promise<HttpResponse | 'closed-before-use'> {
  return new Promise((resolve, reject) => {
    const url = new URL(request.url);
    const { signal, body } = request;
    if (signal?.aborted) {
      reject(new HttpError('given up before it was sent', true));
      return;
    }
    const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
    const outgoing = send(url, {
      method: request.method,
      headers: {
        ...request.headers,
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      },
      agent: request.pool ?? false,
      ...(request.socketPath === undefined ? {} : { socketPath: request.socketPath }),
    });
    const timer = setTimeout(() => giveUp(`no answer in ${request.timeoutMs} ms`), request.timeoutMs);
    const abort = () => giveUp('given up by the caller');
    // One signal may bound a thousand requests.
    if (signal) setMaxListeners(0, signal);
    signal?.addEventListener('abort', abort, { once: true });

    function settle(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
    function giveUp(why: string): void {
      settle();
      reject(new HttpError(why, true));
      outgoing.destroy();
    }
    function fail(cause: Error): void {
      settle();
      if (outgoing.reusedSocket && !answered) resolve('closed-before-use');
      else reject(new HttpError(cause.message || 'the connection failed', false, cause));
    }

    let answered = false;
    outgoing.on('error', fail);
    outgoing.on('response', (incoming) => {
      answered = true;
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', fail);
      incoming.on('end', () => {
        settle();
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: Buffer.concat(chunks),
        });
      });
    });
    outgoing.end(body);
  });
}
