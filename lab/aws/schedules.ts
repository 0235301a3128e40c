import { randomUUID } from 'node:crypto';
import type { CloudClock } from '../cloud/clock.ts';
import { runEvery } from '../cloud/run-every.ts';
import type { Place } from './identifiers.ts';
import type { Functions, Invoker } from './lambda/functions.ts';
import type { Schedule } from './model.ts';

/** EventBridge: invokes what is scheduled. The answer ends that. */
export function runSchedule(
  schedule: Schedule,
  place: Place,
  functions: Functions,
  clock: CloudClock,
): () => void {
  const invoke = () => functions.invoke(schedule.target, invokerOf(schedule), eventOf(schedule, place));
  return runEvery(schedule.everyMs, invoke, clock);
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
