import type { IncomingMessage, ServerResponse } from 'node:http';
import { describeError } from '../../fleet/error.ts';
import type { RawRequest } from '../raw-request.ts';
import { type Listener, listen } from './listener.ts';

/** What a server of a twin answers to one request. */
export interface HttpReply {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
}

/**
 * Serves what `answer` answers; undefined: nothing at all, until the caller hangs up. What it throws is told as trouble
 * of the twin's own.
 */
export function serve(
  answer: (request: RawRequest) => HttpReply | undefined | Promise<HttpReply | undefined>,
  onTrouble: (problem: string) => void,
  port?: number,
): Promise<Listener> {
  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = await answer(await readRequest(incoming));
    if (reply !== undefined && !response.destroyed) send(response, reply);
  }

  return listen((request, response) => {
    handle(request, response).catch((cause) => {
      onTrouble(`the twin could not answer: ${describeError(cause)}`);
      if (!response.headersSent) response.statusCode = 500;
      response.end();
    });
  }, port);
}

async function readRequest(incoming: IncomingMessage): Promise<RawRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : value,
    ]),
  );
  return {
    method: incoming.method ?? 'GET',
    target: incoming.url ?? '/',
    headers,
    body: Buffer.concat(chunks),
  };
}

/** Node sets `Date`, by the machine's own clock: that is the store's time. */
function send(response: ServerResponse, { status, headers, body }: HttpReply): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
