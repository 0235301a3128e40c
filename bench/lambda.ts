import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createBundler } from '../stacks/bundle.ts';

/** What the child process runs: the bundle as Lambda would, and what that took. */
const CHILD = `
const startedAt = performance.now() - process.uptime() * 1000;
const { handler } = require('./index.cjs');
process.on('message', async (event) => {
  const cpu = process.cpuUsage();
  const askedAt = performance.now();
  const answer = await handler(event);
  const now = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = (user + system) / 1000;
  const peakMb = process.resourceUsage().maxRSS / 1024;
  process.send({ answer, tookMs: now - askedAt, sinceStartMs: now - startedAt, cpuMs, peakMb });
});
process.send('ready');
`;

export interface Invoked {
  answer: unknown;
  tookMs: number;
  /** With the start of the process. */
  sinceStartMs: number;
  cpuMs: number;
  peakMb: number;
}

export interface Lambda {
  /** A new process, as at a cold start. */
  start(): Promise<{ invoke(event: object): Promise<Invoked>; stop(): void }>;
  /** The last line that it logged. */
  lastLine(): string;
  close(): Promise<void>;
}

/** The real bundle of one of AWS's functions. */
export async function createLambda(name: string, environment: Record<string, string>): Promise<Lambda> {
  const folder = await mkdtemp(join(tmpdir(), 'ebbtide-bench-'));
  const { code } = await createBundler().functionOf('aws', name);
  await writeFile(join(folder, 'index.cjs'), code);
  await writeFile(join(folder, 'child.cjs'), CHILD);
  let lastLine = '';
  return {
    lastLine: () => lastLine,
    async start() {
      const child = fork(join(folder, 'child.cjs'), { execArgv: [], silent: true, env: environment });
      child.stderr?.pipe(process.stderr);
      if (child.stdout !== null)
        createInterface({ input: child.stdout }).on('line', (line) => (lastLine = line));
      await message(child);
      return {
        async invoke(event) {
          const answer = message(child);
          child.send(event);
          return (await answer) as Invoked;
        },
        stop: () => void child.kill(),
      };
    },
    close: () => rm(folder, { recursive: true }),
  };
}

function message(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the function's process ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (content) => {
      child.off('exit', ended);
      resolve(content);
    });
  });
}
