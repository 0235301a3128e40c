import type { Log } from './ports.ts';

/** One event a line, as JSON, on standard output. */
export function createLog(): Log {
  return (level, event, fields = {}) => {
    process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), level, event, ...fields })}\n`);
  };
}
