import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CloudMachine } from './cloud-machine.ts';

/** What surrounds one machine on GCP: its metadata server, and the function that it wakes. Made independently of the lab's twin. */
export interface GcpMachine extends CloudMachine {
  prunerUrl: string;
}

interface Waiting {
  path: string;
  response: ServerResponse;
}

export async function startGcpMachine(identity: { name: string; id: string }): Promise<GcpMachine> {
  const values = new Map<string, { text: string; etag: number }>();
  const wakes: GcpMachine['wakes'] = [];
  let waiting: Waiting[] = [];
  let changes = 0;
  let failure: number | undefined;

  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? '/', 'http://machine');
    if (incoming.method === 'POST') {
      wakes.push({ authorization: incoming.headers.authorization });
      incoming.resume().on('end', () => response.writeHead(200).end('{}'));
      return;
    }
    if (failure !== undefined) {
      response.writeHead(failure).end();
      return;
    }
    if (incoming.headers['metadata-flavor'] !== 'Google') {
      response.writeHead(403).end();
      return;
    }
    const path = url.pathname.replace('/computeMetadata/v1/', '');
    const etag = String(values.get(path)?.etag);
    if (url.searchParams.get('wait_for_change') !== 'true' || url.searchParams.get('last_etag') !== etag) {
      answer(path, response);
      return;
    }
    waiting.push({ path, response });
    const timer = setTimeout(
      () => answer(path, response),
      Number(url.searchParams.get('timeout_sec')) * 1_000,
    );
    response.on('close', () => clearTimeout(timer));
  });

  function answer(path: string, response: ServerResponse): void {
    const value = values.get(path);
    const headers = { 'metadata-flavor': 'Google', ...(value && { etag: String(value.etag) }) };
    if (!response.writableEnded) response.writeHead(value ? 200 : 404, headers).end(value?.text);
  }

  /** A value as it is from now on: who waits for its change hears at once. */
  function set(path: string, text: string): void {
    changes += 1;
    values.set(path, { text, etag: changes });
    for (const one of waiting.filter((other) => other.path === path)) answer(path, one.response);
    waiting = waiting.filter((other) => other.path !== path);
  }

  set('instance/name', identity.name);
  set('instance/id', identity.id);
  set('instance/zone', 'projects/123/zones/europe-west1-b');
  set('instance/network-interfaces/0/ip', '127.0.0.1');
  set('instance/preempted', 'FALSE');
  set('instance/maintenance-event', 'NONE');
  set('instance/service-accounts/default/token', JSON.stringify({ access_token: 't', expires_in: 3_600 }));
  set('instance/service-accounts/default/identity', 'an-identity-token');

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    environment: { GCE_METADATA_HOST: `127.0.0.1:${port}` },
    prunerUrl: `http://127.0.0.1:${port}/prune`,
    wakes,
    preempt: () => set('instance/preempted', 'TRUE'),
    protect: () => set('instance/attributes/ebbtide-protected', 'true'),
    failWith(status) {
      failure = status;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
