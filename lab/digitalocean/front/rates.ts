/** How much of its allowance a token has left. `waitS`: it has none, and is to come again then. */
export interface Allowance {
  limit: number;
  remaining: number;
  /** Until the oldest request of the hour counts no more, by the cloud's own clock. */
  resetInMs: number;
  waitS: number | undefined;
}

export interface RateLimits {
  hour: number;
  minute: number;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Counts the requests of each token, by the cloud's own clock. */
export function createRates(now: () => number, limits: RateLimits): { take(token: string): Allowance } {
  const asked = new Map<string, number[]>();
  return {
    take(token) {
      const at = now();
      const past = (asked.get(token) ?? []).filter((each) => at - each < HOUR_MS);
      asked.set(token, past);
      const burst = past.filter((each) => at - each < MINUTE_MS);
      const over = (times: number[], windowMs: number, limit: number) =>
        times.length < limit ? undefined : Math.ceil(((times.at(-limit) ?? at) + windowMs - at) / 1000);
      const waitS = over(past, HOUR_MS, limits.hour) ?? over(burst, MINUTE_MS, limits.minute);
      if (waitS === undefined) past.push(at);
      return {
        limit: limits.hour,
        remaining: Math.max(0, limits.hour - past.length),
        resetInMs: (past[0] ?? at) + HOUR_MS - at,
        waitS,
      };
    },
  };
}
