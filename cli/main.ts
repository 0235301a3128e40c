import { fleet } from './fleet.ts';

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());
// Whoever reads no further has seen enough.
process.stdout.on('error', () => interrupted.abort());

process.exitCode = await fleet(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  environment: process.env,
  signal: interrupted.signal,
});
