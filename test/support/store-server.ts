import { spawn } from 'node:child_process';
import type { ObjectStore, RemovingStore, VersionedStore } from '../../fleet/object-store.ts';
import type { BootSource } from '../../node-agent/boot/boot-source.ts';

const START_MS = 30_000;

/** Somebody else's object store, with nothing in it. It keeps what it is given until it is stopped. */
export interface StoreServer {
  url: string;
  /** Where it speaks TLS: the certificate that it has made itself. */
  certificate?: string;
  createBucket(name: string): Promise<void>;
  remove(bucket: string, key: string): Promise<void>;
  /** The store as the fleet's programs have it; `url`: what stands before it, instead of itself. */
  store(
    bucket: string,
    options?: { url?: string; timeoutMs?: number },
  ): ObjectStore | RemovingStore | VersionedStore;
  /** The same bucket, as a node has it when it boots. */
  files(bucket: string): Pick<BootSource, 'fetch'>;
  stop(): Promise<void>;
}

/** What went through a front. `key` is an object's, decoded: empty for a list. */
export interface StoreRequest {
  kind: 'list' | 'read' | 'write';
  key: string;
  /** Of a list that goes on: where. */
  pageToken: string | null;
}

/** How a store's requests are read, and how it refuses. */
export interface StoreDialect {
  requestOf(method: string, url: URL): StoreRequest;
  /** The parameter of a list that bounds its pages. */
  pageSize: string;
  slowDown: { status: number; body: string };
  internalError: { status: number; body: string };
  /** What ends the first entry of a list. */
  entryEnd: string;
}

export interface StoreKind {
  name: string;
  /** Ours on it can also write only where nobody else has written meanwhile. */
  replaces: boolean;
  /** Ours on it also keeps words beside an object, and takes objects away. */
  keepsMetadata: boolean;
  /** Where its program is looked for: told where it is missing. */
  program: string;
  find(): string | undefined;
  start(program: string): Promise<StoreServer>;
  dialect: StoreDialect;
  /** How it fails now and then when others write and delete meanwhile; a writer tries again, as the agent does. */
  race: RegExp;
}

export interface RunningProgram {
  /** What the first group of `listening` found. */
  said: string;
  stop(): Promise<void>;
}

/** Starts a server and waits until it says on its stderr or stdout that it listens. */
export async function startProgram(
  program: string,
  words: string[],
  listening: RegExp,
  environment: Record<string, string> = {},
): Promise<RunningProgram> {
  const env = { ...process.env, ...environment };
  const server = spawn(program, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
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

  const said = await new Promise<string>((resolve, reject) => {
    let all = '';
    const fail = (why: string) => reject(new Error(`${program} ${why}; it said: ${all}`));
    const timer = setTimeout(() => fail(`did not say its address in ${START_MS} ms`), START_MS);
    server.once('error', (cause) => fail(`did not start: ${cause.message}`));
    server.once('exit', (code) => fail(`ended with ${code}`));
    const streams = [server.stdout, server.stderr];
    function listen(chunk: Buffer): void {
      all += chunk.toString();
      const found = listening.exec(all)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      // It logs every request, and would stand still behind a full pipe.
      for (const stream of streams) stream.off('data', listen).resume();
      resolve(found);
    }
    for (const stream of streams) stream.on('data', listen);
  }).catch(async (cause: unknown) => {
    await stop();
    throw cause;
  });
  return { said, stop };
}
