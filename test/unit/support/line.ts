import fc from 'fast-check';
import type { Clock } from '../../../fleet/clock.ts';
import type { HttpResponse } from '../../../fleet/http.ts';
import { ago } from './fleet.ts';

/** Between a function and the services that it asks: whether a request is let through, and when. What it does is done at once, then. */
export type Line<Request> = (request: Request, deliver: () => HttpResponse) => Promise<HttpResponse>;

export const straight: Line<unknown> = async (_request, deliver) => deliver();

/** A function's memory of an excess that has lasted. */
export const LONG_LOW = { v: 1, claims: [], outside: [], low: { since: ago(600), seenAt: ago(30) } };

/** Time stands still, unless `now` moves; only what is shorter than `dueMs` is ever due. */
export function stillClock(now: () => number, dueMs: number): Clock {
  return {
    now,
    after(ms, action) {
      const due = ms < dueMs ? setImmediate(action) : undefined;
      return () => clearImmediate(due);
    },
  };
}

/** A run that dies after so many of its requests; the last of them is carried out, or is not. */
export interface Kill {
  after: number;
  done: boolean;
}

export function anyKill(latest: number): fc.Arbitrary<Kill> {
  return fc.record({ after: fc.nat(latest), done: fc.boolean() });
}

/** The line of a run that is killed: it waits for ever then. `check`: after each thing that it has done. */
export function lineOfKilled(kill: Kill, scheduler: fc.Scheduler, check: () => void): Line<unknown> {
  const killed = new Promise<HttpResponse>(() => undefined);
  let sent = 0;
  return async (_request, deliver) => {
    sent += 1;
    if (sent > kill.after + 1) return killed;
    await scheduler.schedule(Promise.resolve());
    if (sent > kill.after && !kill.done) return killed;
    const response = deliver();
    check();
    return sent > kill.after ? killed : response;
  };
}

/** Those that were killed wait for ever, and the others are over when nothing moves any more. */
export async function untilNothingMoves(scheduler: fc.Scheduler): Promise<void> {
  for (let idle = 0; idle < 20; ) {
    await new Promise((resolve) => setImmediate(resolve));
    if (scheduler.count() === 0) idle += 1;
    else {
      idle = 0;
      await scheduler.waitOne();
    }
  }
}
