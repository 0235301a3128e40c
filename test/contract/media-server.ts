import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ports } from '../../lab/instance/ports.ts';
import type { MediaNode } from '../../lab/media/driver.ts';
import { readMetrics } from '../../lab/media/metrics-reading.ts';

export const API_KEY = 'devkey';
export const API_SECRET = 'a-secret-of-the-lab-with-enough-characters';

/** LiveKit's own pause between listening and taking itself for running, and a little more. */
const STARTING_MS = 250;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly at: number;
}

/** A LiveKit server, twin or real, on ports of its own. */
export class MediaServer implements MediaNode {
  readonly id = 'node';
  readonly host = '127.0.0.1';
  readonly signalPort: number;
  readonly metricsPort: number;
  readonly ended: Promise<Ended>;
  readonly #process: ChildProcess;
  #said = '';

  private constructor(server: ChildProcess, signalPort: number, metricsPort: number) {
    this.#process = server;
    this.signalPort = signalPort;
    this.metricsPort = metricsPort;
    this.ended = new Promise((resolve) => {
      server.once('exit', (code, signal) => resolve({ code, signal, at: performance.now() }));
    });
    for (const stream of [server.stdout, server.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#said = `${this.#said}${chunk}`.slice(-4000);
      });
    }
  }

  /** Starts it and waits until it takes signals in earnest, or until it has ended, which `running` then tells. */
  static async start(
    program: string,
    change: { keys?: string; room?: string; early?: boolean } = {},
  ): Promise<MediaServer> {
    const ports = new Ports();
    const [signalPort, metricsPort, udpPort] = [await ports.take(), await ports.take(), await ports.take()];
    const config = `port: ${signalPort}
bind_addresses: ["127.0.0.1"]
rtc:
  node_ip: 127.0.0.1
  use_external_ip: false
  enable_loopback_candidate: true
  udp_port: ${udpPort}
  tcp_port: 0
  ips: { includes: ["127.0.0.1/32"] }
prometheus: { port: ${metricsPort} }
room: ${change.room ?? '{ departure_timeout: 20 }'}
${change.keys ?? `keys: { ${API_KEY}: ${API_SECRET} }`}
`;
    const folder = mkdtempSync(join(tmpdir(), 'ebbtide-livekit-'));
    const file = join(folder, 'livekit.yaml');
    writeFileSync(file, config);
    const child = spawn(program, ['--config', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    const server = new MediaServer(child, signalPort, metricsPort);
    await eventually(
      'the media server answers',
      async () => !server.running || (await server.#answers()),
      30_000,
    );
    if (change.early !== true) await sleep(STARTING_MS);
    return server;
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  get said(): string {
    return this.#said;
  }

  takenAway(): boolean {
    return false;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async kill(): Promise<void> {
    if (!this.running) return;
    this.#process.kill('SIGKILL');
    await this.ended;
  }

  async #answers(): Promise<boolean> {
    try {
      await readMetrics(this);
      return true;
    } catch {
      return false;
    }
  }
}

export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(10);
  }
}
