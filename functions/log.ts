/** Writes one line of JSON. Straight to stdout: Lambda's own console puts text before what it is given. */
export type Log = (level: 'info' | 'warn' | 'error', event: string, details: Record<string, unknown>) => void;

export function createLog(write: (line: string) => void, now: () => number): Log {
  return (level, event, details) => {
    write(`${JSON.stringify({ at: new Date(now()).toISOString(), level, event, ...details })}\n`);
  };
}
