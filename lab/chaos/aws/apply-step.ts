import type { ScalingGroup } from '../../aws/scaling-group.ts';
import type { PoolFunctions } from './functions.ts';
import type { Members } from './machines.ts';
import type { AwsStep } from './step.ts';

export interface Reach {
  now(): number;
  group: ScalingGroup;
  functions: PoolFunctions;
  members: Members;
}

/** Carries out what can happen on AWS only. What concerns a machine that is gone, or was never there, is nothing. */
export function applyAwsStep(step: AwsStep, { now, group, functions, members }: Reach): void {
  switch (step.kind) {
    case 'desired':
      group.setDesired(step.to, 'operator', 'by the schedule');
      return;
    case 'replace-one':
      group.replaceOne(step.cause);
      return;
    case 'policy-slow':
      functions.policy.slowUntil = now() + step.forMs;
      functions.policy.slowMs = step.byMs;
      return;
    case 'policy-fails':
      functions.policy.failsUntil = now() + step.forMs;
      return;
    case 'watcher-silent':
      functions.watcherSilentUntil = now() + step.forMs;
      return;
  }
  const member = members.all()[step.node];
  if (member === undefined || member.instance.stoppedAt !== undefined) return;
  const { instance } = member;
  switch (step.kind) {
    case 'unhealthy':
      group.markUnhealthy(instance.id);
      return;
    case 'ended-by-hand':
      group.terminate(instance.id, false);
      return;
    case 'spot-notice':
      // AWS takes a machine back once, and at the time that it told first: a second notice would move that in the world
      // alone, and a machine that goes at the first one would look as if it were ended by us.
      if (instance.spotDeadline !== undefined) return;
      instance.spotDeadline = now() + step.noticeMs;
      group.reclaimSpot(instance.id, step.noticeMs);
      return;
    case 'rebalance-notice':
      instance.rebalanceNoticedAt = now();
      return;
    case 'machine-dies':
      void group.crash(instance.id);
      return;
    case 'late-notice':
      member.lateUntil = now() + step.forMs;
      return;
  }
}
