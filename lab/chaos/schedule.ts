import type { Clock } from '../../fleet/clock.ts';

/** What calls a function each minute. */
export interface Schedule {
  /** Until then, ms since the epoch. */
  silentUntil: number;
  lateUntil: number;
  lateMs: number;
}

const EVERY_MS = 60_000;

export function startSchedule(clock: Clock, wake: () => void): Schedule {
  const schedule: Schedule = { silentUntil: 0, lateUntil: 0, lateMs: 0 };

  function tick(): void {
    const now = clock.now();
    if (now >= schedule.silentUntil) clock.after(now < schedule.lateUntil ? schedule.lateMs : 0, wake);
    clock.after(EVERY_MS, tick);
  }

  clock.after(EVERY_MS, tick);
  return schedule;
}

/** Besides its schedule, somebody wakes it again and again. */
export function wakeAgainAndAgain(
  clock: Clock,
  { forMs, everyMs }: { forMs: number; everyMs: number },
  wake: () => void,
): void {
  for (let inMs = 0; inMs < forMs; inMs += everyMs) clock.after(inMs, wake);
}
