/** Azure's schedules are at least an hour apart. So many of them, each at its own minute, wake the runbook more often. */
export const QUARTERS = ['00', '15', '30', '45'] as const;
export type Quarter = (typeof QUARTERS)[number];

/** Azure takes no beginning that is nearer than five minutes, and making what comes before may take some. */
const AHEAD_MS = 15 * 60_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The first time at that minute of an hour that Azure takes as a beginning. Pure. */
export function beginsAt(quarter: Quarter, now: number): string {
  const offset = Number(quarter) * MINUTE_MS;
  const hours = Math.ceil((now + AHEAD_MS - offset) / HOUR_MS);
  return new Date(hours * HOUR_MS + offset).toISOString();
}
