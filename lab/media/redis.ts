import { type ChildProcess, spawn } from 'node:child_process';
import { createConnection } from 'node:net';
import { findProgram } from '../instance/tools.ts';

const TIMEOUT_MS = 2_000;

/** A hash of Redis's, as bytes. */
export function readHash(address: string, key: string): Promise<Map<string, Buffer>> {
  return new Promise((resolve, reject) => {
    const [host = '', port = ''] = address.split(':');
    const socket = createConnection(Number(port), host);
    socket.setTimeout(TIMEOUT_MS, () =>
      socket.destroy(new Error(`Redis at ${address} did not answer in ${TIMEOUT_MS} ms`)),
    );
    socket.on('error', reject);
    socket.on('connect', () =>
      socket.write(`*2\r\n$7\r\nHGETALL\r\n$${Buffer.byteLength(key)}\r\n${key}\r\n`),
    );
    let read = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      read = Buffer.concat([read, chunk]);
      if (read[0] === 0x2d)
        return void socket.destroy(new Error(`Redis at ${address}: ${read.toString('utf8').trim()}`));
      const words = parseBulkStrings(read);
      if (words === undefined) return;
      socket.end();
      const pairs = words
        .filter((_, i) => i % 2 === 0)
        .map((field, i) => [field.toString('utf8'), words[2 * i + 1]] as const);
      resolve(
        new Map(pairs.flatMap(([field, value]) => (value === undefined ? [] : [[field, value] as const]))),
      );
    });
  });
}

/** The answer `*N` of N bulk strings, or undefined while it is not whole. */
function parseBulkStrings(bytes: Buffer): Buffer[] | undefined {
  let at = 0;
  const number = (): number | undefined => {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const value = Number(bytes.toString('utf8', at + 1, end));
    at = end + 2;
    return value;
  };
  const count = number();
  const words: Buffer[] = [];
  while (count !== undefined && words.length < count) {
    const length = number();
    if (length === undefined || bytes.length < at + length + 2) return undefined;
    words.push(bytes.subarray(at, at + length));
    at += length + 2;
  }
  return count === undefined ? undefined : words;
}

/** A Redis server of the lab's own, which keeps nothing. */
export class RedisServer {
  readonly address: string;
  readonly #process: ChildProcess;
  readonly #atExit = () => this.#process.kill('SIGKILL');

  private constructor(address: string, server: ChildProcess) {
    this.address = address;
    this.#process = server;
    // It must not outlive a lab that fails.
    process.on('exit', this.#atExit);
  }

  static async start(port: number): Promise<RedisServer> {
    const program = findProgram('redis-server');
    if (program === undefined)
      throw new Error('redis-server is not in PATH: several LiveKit servers need it to share their rooms');
    // The shell, out of reach of Ctrl-C, ends it when our end of its input closes: however the lab ends, no server stays.
    const child = spawn(
      'sh',
      ['-c', '"$@" & server=$!; cat >/dev/null; kill -9 $server', 'sh', program, ...options(port)],
      { detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
    );
    const server = new RedisServer(`127.0.0.1:${port}`, child);
    try {
      await answers(server.address);
    } catch (cause) {
      await server.stop();
      throw cause;
    }
    return server;
  }

  async stop(): Promise<void> {
    process.off('exit', this.#atExit);
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.stdin?.end();
    await ended;
  }
}

function options(port: number): string[] {
  return ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'];
}

async function answers(address: string): Promise<void> {
  const deadline = Date.now() + 5_000;
  for (;;) {
    try {
      await readHash(address, 'nodes');
      return;
    } catch (cause) {
      if (Date.now() > deadline) throw new Error(`redis-server at ${address} does not answer`, { cause });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
