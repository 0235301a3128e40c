import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GoogleStandIn } from './google-stand-in.ts';

export interface GoogleServer {
  /** What points a program at it. */
  environment: Record<string, string>;
  close(): void;
}

/** The stand-in as a server on 127.0.0.1, which takes its time over each answer. */
export async function serveGoogle(google: GoogleStandIn, delayMs = 0): Promise<GoogleServer> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (delayMs > 0) await sleep(delayMs);
    const url = new URL(request.url ?? '/', 'http://google');
    const body = Buffer.concat(chunks).toString();
    const answer = google.answer({ method: request.method ?? '', url, body });
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    environment: {
      GCE_METADATA_HOST: `127.0.0.1:${port}`,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: url,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: url,
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
