import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TwinConfig } from './config.ts';
import { renderMetrics } from './metrics.ts';
import { Rooms } from './rooms.ts';
import { TwinPerson } from './twin-person.ts';
import { JOIN_PATH, NODE_PATH, ROOMS_PATH, SOUND_EVERY_MS, type TwinNode, UPGRADE } from './wire.ts';

/** LiveKit's own interval between two looks at whether anybody is left. */
const LOOK_EVERY_MS = 5_000;
/** So long after it listens does LiveKit take itself for running; a stop that comes before changes nothing for good. */
const RUNNING_AFTER_MS = 100;

/**
 * A LiveKit server as far as an agent, an operator and a call can tell: signals, metrics, health, rooms and people.
 * Like the real one without a shared registry it accepts joiners while it drains, nothing takes a drain back, and a
 * first signal in its first moments is lost: it drains, and does not end by it.
 */
export class TwinServer {
  readonly nodeId = `ND_${randomBytes(9).toString('base64url').replace(/[-_]/g, 'x')}`;
  readonly #config: TwinConfig;
  readonly #rooms: Rooms;
  readonly #exit: () => void;
  readonly #servers: Server[] = [];
  #running = false;
  #signals = 0;
  #everPublished = false;

  constructor(config: TwinConfig, exit: () => void) {
    this.#config = config;
    this.#rooms = new Rooms(config);
    this.#exit = exit;
  }

  async start(): Promise<void> {
    for (const address of this.#config.addresses) {
      const signal = createServer((request, response) => this.#answer(request, response));
      signal.on('upgrade', (request, socket) => this.#join(request, socket));
      await this.#listen(signal, this.#config.signalPort, address);
      if (this.#config.metricsPort !== 0) {
        const metrics = createServer((_, response) => {
          response.setHeader(
            'content-type',
            'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
          );
          response.end(renderMetrics(this.nodeId, this.#rooms, this.#everPublished));
        });
        await this.#listen(metrics, this.#config.metricsPort, address);
      }
    }
    setInterval(() => this.#rooms.sound(), SOUND_EVERY_MS);
    setTimeout(() => {
      this.#running = true;
    }, RUNNING_AFTER_MS);
  }

  /** The first signal drains, the second closes everything at once, further ones change nothing; whichever they are. */
  signalled(): 'draining' | 'closing' | 'ignored' {
    this.#signals += 1;
    if (this.#signals > 2) return 'ignored';
    if (this.#signals === 2) {
      this.#close();
      return 'closing';
    }
    if (this.#rooms.people === 0) this.#close();
    else this.#closeWhenEmpty();
    return 'draining';
  }

  #closeWhenEmpty(): void {
    const looking = setInterval(() => {
      if (this.#rooms.people > 0) return;
      clearInterval(looking);
      this.#close();
    }, LOOK_EVERY_MS);
  }

  #close(): void {
    if (!this.#running) return;
    this.#running = false;
    this.#rooms.closeAll('SERVER_SHUTDOWN');
    for (const server of this.#servers) server.close();
    this.#exit();
  }

  #listen(server: Server, port: number, address: string): Promise<void> {
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, address === '' ? undefined : address, resolve);
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://twin');
    if (url.pathname === NODE_PATH) {
      const { count, people } = this.#rooms;
      const state = this.#signals === 0 ? 'SERVING' : 'SHUTTING_DOWN';
      response.end(JSON.stringify({ node: this.nodeId, state, rooms: count, people } satisfies TwinNode));
    } else if (url.pathname === ROOMS_PATH && request.method === 'POST') {
      this.#rooms.create(url.searchParams.get('room') ?? '');
      response.end('{}');
    } else {
      response.statusCode = url.pathname === '/' ? 200 : 404;
      response.end(url.pathname === '/' ? 'OK' : 'Not Found');
    }
  }

  #join(request: IncomingMessage, socket: Duplex): void {
    const url = new URL(request.url ?? '/', 'http://twin');
    const room = url.searchParams.get('room');
    const identity = url.searchParams.get('identity');
    if (url.pathname !== JOIN_PATH || request.headers.upgrade !== UPGRADE || !room || !identity) {
      socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
      return;
    }
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${UPGRADE}\r\n\r\n`);
    const person = new TwinPerson(identity, socket, () => this.#rooms.leave(room, person));
    this.#rooms.join(room, person);
    this.#everPublished = true;
    person.welcome(this.nodeId);
  }
}
