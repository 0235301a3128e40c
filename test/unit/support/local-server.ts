import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'mocha';

export interface ReceivedRequest {
  method: string;
  path: string;
  url: URL;
  headers: IncomingMessage['headers'];
  body: string;
}

/** `hang`: never answers. `reset`: closes the line without an answer. */
export type Answer =
  | { status: number; body?: string | Buffer; headers?: Record<string, string> }
  | 'hang'
  | 'reset';

export interface LocalServer {
  url: string;
  requests: ReceivedRequest[];
  close(): Promise<void>;
}

/** An HTTP server on 127.0.0.1 that remembers what it was asked. */
export async function startLocalServer(
  answer: (request: ReceivedRequest) => Answer | Promise<Answer>,
): Promise<LocalServer> {
  const requests: ReceivedRequest[] = [];
  const server: Server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', async () => {
      const url = new URL(incoming.url ?? '/', 'http://local');
      const request: ReceivedRequest = {
        method: incoming.method ?? '',
        path: decodeURIComponent(url.pathname),
        url,
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
      };
      requests.push(request);
      const reply = await answer(request);
      if (reply === 'hang') return;
      if (reply === 'reset') {
        incoming.socket.destroy();
        return;
      }
      outgoing.writeHead(reply.status, { date: new Date().toUTCString(), ...reply.headers });
      outgoing.end(reply.body ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface ServerOfTest {
  /** The one of the test that runs, once it has asked for one. */
  readonly server: LocalServer | undefined;
  /** `count`: the how many-th request it is. */
  start(answer: (request: ReceivedRequest, count: number) => Answer | Promise<Answer>): Promise<LocalServer>;
}

/** For the tests of a suite: each has at most one server, which ends with it. */
export function useLocalServer(): ServerOfTest {
  let server: LocalServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  return {
    get server() {
      return server;
    },
    async start(answer) {
      let count = 0;
      server = await startLocalServer((request) => {
        count += 1;
        return answer(request, count);
      });
      return server;
    },
  };
}
