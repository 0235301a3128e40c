import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const FIRST = 20_000;
/** Below every system's range for outgoing connections, which could take a port between our look and its use. */
const END = 32_000;

/** Hands out ports of 127.0.0.1, each once. It begins somewhere at random, for other labs on the same machine. */
export class Ports {
  #next = FIRST + Math.floor(Math.random() * (END - FIRST));

  async take(): Promise<number> {
    for (let tries = 0; tries < END - FIRST; tries += 1) {
      const port = this.#next;
      this.#next = port + 1 >= END ? FIRST : port + 1;
      if ((await tcpIsFree(port)) && (await udpIsFree(port))) return port;
    }
    throw new Error(`no port between ${FIRST} and ${END} of 127.0.0.1 is free`);
  }
}

function tcpIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function udpIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => socket.close(() => resolve(false)));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
}
