import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpResponse } from '../../fleet/http.ts';

export interface StandInRequest {
  method: string;
  url: URL;
  body: string;
  headers: Record<string, string>;
}

export interface StandInServer {
  url: string;
  port: number;
  close(): void;
}

/** How long a stand-in takes over an answer. */
export type Delay = number | ((request: StandInRequest) => number);

/** A stand-in as a server on 127.0.0.1, which takes its time over each answer. */
export async function serveStandIn(
  answer: (request: StandInRequest) => HttpResponse,
  delay: Delay = 0,
): Promise<StandInServer> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const body = Buffer.concat(chunks).toString();
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const asked = { method: request.method ?? '', url, body, headers };
    const delayMs = typeof delay === 'number' ? delay : delay(asked);
    if (delayMs > 0) await sleep(delayMs);
    const said = answer(asked);
    response.writeHead(said.status, said.headers);
    response.end(said.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
