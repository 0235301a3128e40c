import { randomUUID } from 'node:crypto';
import type { Changes } from '../../cloud/changes.ts';
import type { CloudClock } from '../../cloud/clock.ts';
import type { Happening } from '../../cloud/events.ts';
import { runEvery } from '../../cloud/run-every.ts';
import type { JobSchedule } from '../model.ts';
import type { Jobs } from './jobs.ts';

/** The schedules of an Automation account: they are at least an hour apart. */
export interface Schedules {
  provision(changes: Changes<JobSchedule>): void;
  /** Says nothing from now on, until it is told to speak again. */
  silence(isSilent: boolean): void;
  close(): void;
}

export function createSchedules(
  jobs: Jobs,
  clock: CloudClock,
  emit: (happening: Happening) => void,
): Schedules {
  const running = new Map<string, () => void>();
  let silent = false;

  async function start({ id, account, runbook, parameters }: JobSchedule): Promise<void> {
    if (silent) return;
    const job = jobs.create({ id: randomUUID(), account, runbook, parameters }, 'schedule');
    if (job === undefined) emit({ kind: 'trouble', problem: `${id} starts ${runbook}: there is none` });
  }

  return {
    provision({ added, changed, removed }) {
      for (const { id } of [...removed, ...changed.map(({ before }) => before)]) {
        running.get(id)?.();
        running.delete(id);
      }
      for (const each of [...added, ...changed.map(({ after }) => after)]) {
        running.set(
          each.id,
          runEvery(each.everyMs, () => start(each), clock, each.offsetMs),
        );
      }
    },
    silence(isSilent) {
      silent = isSilent;
    },
    close() {
      for (const end of running.values()) end();
      running.clear();
    },
  };
}
