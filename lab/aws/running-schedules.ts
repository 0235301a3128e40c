import type { Changes } from '../cloud/changes.ts';
import type { CloudClock } from '../cloud/clock.ts';
import type { Place } from './identifiers.ts';
import type { Functions } from './lambda/functions.ts';
import type { Schedule } from './model.ts';
import { runSchedule } from './schedules.ts';

/** Runs those that are provisioned; call it with what changes. */
export function createRunningSchedules(
  place: () => Place,
  functions: Functions,
  clock: CloudClock,
): (changes: Changes<Schedule>) => void {
  const running = new Map<string, () => void>();

  return ({ added, changed, removed }) => {
    for (const { arn } of [...removed, ...changed.map(({ before }) => before)]) {
      running.get(arn)?.();
      running.delete(arn);
    }
    for (const schedule of [...added, ...changed.map(({ after }) => after)]) {
      if (schedule.enabled) running.set(schedule.arn, runSchedule(schedule, place(), functions, clock));
    }
  };
}
