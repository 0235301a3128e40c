import { createConnection, createServer, type Server, type Socket } from 'node:net';
import type { MediaNode } from '../../lab/media/driver.ts';

/** A load balancer in front of the signalling: each new connection goes to the node that is then its target. */
export class SignalFront implements MediaNode {
  readonly id = 'front';
  readonly host = '127.0.0.1';
  readonly metricsPort = 0;
  readonly signalPort: number;
  readonly #server: Server;
  readonly #clients: ReadonlySet<Socket>;

  private constructor(server: Server, clients: ReadonlySet<Socket>, port: number) {
    this.#server = server;
    this.#clients = clients;
    this.signalPort = port;
  }

  static async start(target: () => MediaNode): Promise<SignalFront> {
    const clients = new Set<Socket>();
    const server = createServer((client) => {
      clients.add(client);
      client.on('close', () => clients.delete(client));
      const { host, signalPort } = target();
      const node = createConnection(signalPort, host);
      client.pipe(node).pipe(client);
      // When one side breaks, so does the other.
      for (const [one, other] of [
        [client, node],
        [node, client],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the front has no port');
    return new SignalFront(server, clients, address.port);
  }

  takenAway(): boolean {
    return false;
  }

  /** As a balancer ends what is left of a target's connections. */
  cut(): void {
    for (const client of this.#clients) client.destroy();
  }

  close(): void {
    this.#server.close();
  }
}
