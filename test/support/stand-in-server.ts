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

/** A stand-in as a server on 127.0.0.1, which takes its time over each answer. */
export async function serveStandIn(
  answer: (request: StandInRequest) => HttpResponse,
  delayMs = 0,
): Promise<StandInServer> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (delayMs > 0) await sleep(delayMs);
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const body = Buffer.concat(chunks).toString();
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const said = answer({ method: request.method ?? '', url, body, headers });
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
