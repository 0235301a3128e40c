import { createInterface } from 'node:readline/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { fleet } from './fleet.ts';

const interrupted = new AbortController();
const { signal } = interrupted;
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());
// Whoever reads no further has seen enough.
process.stdout.on('error', () => interrupted.abort());
process.stderr.on('error', () => undefined);

/** Whoever gives no answer says nothing. */
async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const silence = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  lines.once('SIGINT', () => interrupted.abort());
  const answer = lines.question(question, { signal }).catch(() => '');
  const said = await Promise.race([answer, silence]);
  lines.close();
  return said;
}

process.exitCode = await fleet(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  environment: process.env,
  ask: process.stdin.isTTY ? ask : undefined,
  sleep: (ms) => pause(ms, undefined, { signal }).catch(() => undefined),
  signal,
});
