/** What a namespace may have at once, and begin in a minute. */
export interface FunctionLimits {
  concurrent: number;
  perMinute: number;
}

export const FUNCTION_LIMITS: FunctionLimits = { concurrent: 120, perMinute: 600 };

export interface Throttle {
  /** What speaks against one more activation; undefined: it has begun, and is to be ended. */
  begin(namespace: string): string | undefined;
  end(namespace: string): void;
}

const MINUTE_MS = 60_000;

/** Counts what runs in each namespace; a minute is one of the cloud's own clock. */
export function createThrottle(now: () => number, { concurrent, perMinute }: FunctionLimits): Throttle {
  const running = new Map<string, number>();
  const begun = new Map<string, number[]>();
  return {
    begin(namespace) {
      const at = now();
      const count = running.get(namespace) ?? 0;
      const past = (begun.get(namespace) ?? []).filter((each) => at - each < MINUTE_MS);
      begun.set(namespace, past);
      if (count >= concurrent)
        return `Too many concurrent requests in flight (count: ${count}, allowed: ${concurrent}).`;
      if (past.length >= perMinute)
        return `Too many requests in the last minute (count: ${past.length}, allowed: ${perMinute}).`;
      past.push(at);
      running.set(namespace, count + 1);
      return undefined;
    },
    end(namespace) {
      running.set(namespace, (running.get(namespace) ?? 1) - 1);
    },
  };
}
