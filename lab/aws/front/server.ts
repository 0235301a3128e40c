import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describeError } from '../../../fleet/error.ts';
import { type Listener, listen } from '../../cloud/listener.ts';
import type { RawRequest } from '../../raw-request.ts';
import type { AwsHappening } from '../events.ts';
import { type ApiOptions, answerRequest } from './answer.ts';
import type { Answer } from './api.ts';

export interface FrontOptions extends ApiOptions {
  emit(happening: AwsHappening): void;
}

/** Where every service of the twin answers. */
export async function createFront(options: FrontOptions): Promise<Listener> {
  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = answerRequest(await readRequest(incoming), options);
    if (reply !== undefined) send(response, reply);
  }

  return listen((request, response) => {
    answer(request, response).catch((cause) => {
      options.emit({ kind: 'trouble', problem: `the twin could not answer: ${describeError(cause)}` });
      if (!response.headersSent) response.statusCode = 500;
      response.end();
    });
  });
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
function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, {
    ...headers,
    'content-length': Buffer.byteLength(body),
    'x-amz-request-id': randomUUID(),
  });
  response.end(body);
}
