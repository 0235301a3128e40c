/** For how long something may keep an agent from what it has to do. */
export interface Disturbance {
  /** This trouble begins now. */
  note(trouble: { kind: string; forMs?: number; downMs?: number }): void;
  /** Whether any was felt in the last `ms`. */
  within(ms: number): boolean;
}

/** What is armed goes off later: nobody knows when. */
const ARMED = ['kill-agent', 'state-garbled'];

export function createDisturbance(now: () => number): Disturbance {
  let until = 0;

  return {
    note({ kind, forMs, downMs }) {
      const lastsMs = ARMED.includes(kind) ? Number.POSITIVE_INFINITY : (forMs ?? downMs ?? 0);
      until = Math.max(until, now() + lastsMs);
    },
    within: (ms) => now() - until < ms,
  };
}
