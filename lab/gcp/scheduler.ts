import type { Changes } from '../cloud/changes.ts';
import type { CloudClock } from '../cloud/clock.ts';
import type { Happening } from '../cloud/events.ts';
import { runEvery } from '../cloud/run-every.ts';
import type { Functions } from './functions/functions.ts';
import type { Job } from './model.ts';
import type { Principals } from './principals.ts';

export interface SchedulerOptions {
  functions: Functions;
  principals: Principals;
  clock: CloudClock;
  emit(happening: Happening): void;
}

/** Cloud Scheduler: calls what its jobs name, by the cloud's clock. */
export interface Scheduler {
  provision(changes: Changes<Job>): void;
  /** Says nothing from now on, until it is told to speak again. */
  silence(isSilent: boolean): void;
}

export function createScheduler({ functions, principals, clock, emit }: SchedulerOptions): Scheduler {
  const running = new Map<string, () => void>();
  let silent = false;

  async function call({ name, url, method, headers, body, caller }: Job): Promise<void> {
    if (silent) return;
    const authorization =
      caller === undefined
        ? {}
        : {
            authorization: `Bearer ${principals.identify({ email: caller.serviceAccount, audience: caller.audience })}`,
          };
    const { pathname, search } = new URL(url);
    const request = {
      method,
      target: `${pathname}${search}`,
      headers: { ...headers, ...authorization, 'user-agent': 'Google-Cloud-Scheduler' },
      body: Buffer.from(body),
    };
    const reply = await functions.receive(url, request);
    if (reply === undefined)
      emit({ kind: 'trouble', problem: `the job ${name} calls ${url}: there is nothing` });
  }

  return {
    provision({ added, changed, removed }) {
      for (const { name } of [...removed, ...changed.map(({ before }) => before)]) {
        running.get(name)?.();
        running.delete(name);
      }
      for (const job of [...added, ...changed.map(({ after }) => after)]) {
        if (job.enabled)
          running.set(
            job.name,
            runEvery(job.everyMs, () => call(job), clock),
          );
      }
    },
    silence(isSilent) {
      silent = isSilent;
    },
  };
}
