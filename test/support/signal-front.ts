import { createConnection, createServer, type Server } from 'node:net';
import type { MediaNode } from '../../lab/media/driver.ts';

/** A load balancer in front of the signalling: each new connection goes to the node that is then its target. */
export class SignalFront implements MediaNode {
  readonly id = 'front';
  readonly host = '127.0.0.1';
  readonly metricsPort = 0;
  readonly signalPort: number;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.signalPort = port;
  }

  static async start(target: () => MediaNode): Promise<SignalFront> {
    const server = createServer((client) => {
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
    return new SignalFront(server, address.port);
  }

  takenAway(): boolean {
    return false;
  }

  close(): void {
    this.#server.close();
  }
}
