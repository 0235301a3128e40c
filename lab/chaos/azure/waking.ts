import type { Clock } from '../../../fleet/clock.ts';
import type { AzurePlan } from './plan.ts';

/** What wakes the runbook beside the nodes: an alert for as long as the load is low, and a schedule. */
export interface Waking {
  /** The alert fires so often, one soon after the other. */
  storm(times: number, everyMs: number): void;
  /** Until then, ms since the epoch, neither says anything. */
  silentUntil: number;
}

export interface WakingOptions {
  clock: Clock;
  every: AzurePlan['wakes'];
  isLow(): boolean;
  alert(): void;
  schedule(): void;
}

/** Both come sooner than in earnest, unless it is told: a schedule of faults is shorter then. */
const SOON = { alertMs: 30_000, scheduleMs: 300_000 };

export function startWaking({ clock, every: often = SOON, isLow, alert, schedule }: WakingOptions): Waking {
  const waking: Waking = {
    silentUntil: 0,
    storm(times, everyMs) {
      for (let index = 0; index < times; index += 1) clock.after(index * everyMs, alert);
    },
  };

  function every(ms: number, wake: () => void): void {
    clock.after(ms, () => {
      if (clock.now() >= waking.silentUntil) wake();
      every(ms, wake);
    });
  }

  every(often.alertMs, () => {
    if (isLow()) alert();
  });
  every(often.scheduleMs, schedule);
  return waking;
}
