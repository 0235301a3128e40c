import { spawn } from 'node:child_process';
import { type AwsClient, createAwsClient } from '../../fleet/aws/client.ts';
import { findProgram } from '../../lab/instance/tools.ts';

const START_MS = 30_000;

/** Somebody else's S3 (moto), with nothing in it. It keeps what it is given until it is stopped. */
export interface Moto {
  url: string;
  /** Its own client; `url`: what stands before it, instead of itself. */
  client(options?: { url?: string; timeoutMs?: number }): AwsClient;
  createBucket(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** The program, or undefined where this machine has none: `EBBTIDE_MOTO_SERVER`, or `moto_server` in PATH. */
export function findMoto(): string | undefined {
  return process.env.EBBTIDE_MOTO_SERVER ?? findProgram('moto_server');
}

export async function startMoto(program: string): Promise<Moto> {
  // Port 0: the system chooses one, and moto says which.
  const server = spawn(program, ['-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const atExit = () => server.kill('SIGKILL');
  // It must not outlive tests that fail.
  process.on('exit', atExit);
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));

  async function stop(): Promise<void> {
    process.off('exit', atExit);
    server.kill('SIGKILL');
    // What did not start does not end.
    if (server.pid !== undefined) await exited;
  }

  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    const fail = (why: string) => reject(new Error(`${program} ${why}; it said: ${said}`));
    const timer = setTimeout(() => fail(`did not say its address in ${START_MS} ms`), START_MS);
    server.once('error', (cause) => fail(`did not start: ${cause.message}`));
    server.once('exit', (code) => fail(`ended with ${code}`));
    function listen(chunk: Buffer): void {
      said += chunk.toString();
      const found = /Running on (http:\/\/[\d.:]+)\s/.exec(said)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      server.stderr.off('data', listen);
      // It logs every request, and would stand still behind a full pipe.
      server.stderr.resume();
      resolve(found);
    }
    server.stderr.on('data', listen);
  }).catch(async (cause: unknown) => {
    await stop();
    throw cause;
  });

  const client: Moto['client'] = (options = {}) =>
    createAwsClient({
      region: 'us-east-1',
      credentials: async () => ({ accessKeyId: 'AKIA1', secretAccessKey: 's' }),
      environment: { AWS_ENDPOINT_URL: options.url ?? url },
      timeoutMs: options.timeoutMs ?? 10_000,
    });
  return {
    url,
    client,
    async createBucket(name) {
      await client().send({ service: 's3', method: 'PUT', url: `${url}/${name}` });
    },
    stop,
  };
}
