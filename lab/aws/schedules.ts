import { randomUUID } from 'node:crypto';
import type { CloudClock } from '../cloud/clock.ts';
import type { Place } from './identifiers.ts';
import type { Functions, Invoker } from './lambda/functions.ts';
import type { Schedule } from './model.ts';

/**
 * EventBridge: invokes what is scheduled, by the cloud's own clock. A minute of it may be shorter than a function's
 * run: what comes due meanwhile is left out, so that a fast clock does not pile up runs that no real one would. The
 * answer ends that.
 */
export function runSchedule(
  schedule: Schedule,
  place: Place,
  functions: Functions,
  clock: CloudClock,
): () => void {
  let busy = false;

  function tick(count: number): void {
    if (!busy) {
      busy = true;
      // A failed run is told by the function's own event; the next one comes all the same.
      functions
        .invoke(schedule.target, invokerOf(schedule), eventOf(schedule, place))
        .catch(() => undefined)
        .finally(() => {
          busy = false;
        });
    }
    const next = Math.max(count, Math.floor(clock.now() / schedule.everyMs)) + 1;
    cancel = clock.at(next * schedule.everyMs, () => tick(next));
  }

  const first = Math.floor(clock.now() / schedule.everyMs) + 1;
  let cancel = clock.at(first * schedule.everyMs, () => tick(first));
  return () => cancel();
}

function invokerOf({ caller, arn }: Schedule): Invoker {
  return caller.kind === 'rule'
    ? { kind: 'service', principal: 'events.amazonaws.com', sourceArn: arn }
    : { kind: 'role', arn: caller.role, trustedBy: 'scheduler.amazonaws.com' };
}

function eventOf({ input, arn }: Schedule, { account, region }: Place): unknown {
  if (input !== undefined) return JSON.parse(input);
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account,
    time: new Date().toISOString(),
    region,
    resources: [arn],
    detail: {},
  };
}
