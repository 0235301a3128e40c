import type { CloudClock } from '../cloud/clock.ts';
import type { Datapoint } from './alarm.ts';
import type { Instance } from './instance.ts';
import { isCapacity } from './lifecycle.ts';
import type { Tracking } from './model.ts';
import type { ScalingGroup } from './scaling-group.ts';
import { NEW_TRACKING, TRACKED_MS, type TrackingState, track } from './tracking.ts';

const SAMPLE_MS = 10_000;
const MINUTE_MS = 60_000;

/**
 * Watches the CPU of the group and asks for more or fewer instances, once in each of the cloud's minutes. The answer
 * ends that.
 */
export function runTracking(policy: Tracking, scaling: ScalingGroup, clock: CloudClock): () => void {
  let state: TrackingState = NEW_TRACKING;
  let samples: Datapoint[] = [];
  let sampledAt = clock.now();

  function sample(): void {
    const now = clock.now();
    const counted = countedInstances(scaling, policy, now);
    const average = counted.reduce((sum, { machine }) => sum + (machine?.cpu() ?? 0), 0) / counted.length;
    // A machine that is kept busy by others must not tear holes into the twin's data: what was missed is filled in.
    for (sampledAt += SAMPLE_MS; sampledAt <= now; sampledAt += SAMPLE_MS) {
      if (counted.length > 0) samples.push({ at: sampledAt - 1, value: average });
    }
    sampledAt -= SAMPLE_MS;
    samples = samples.filter(({ at }) => at > now - TRACKED_MS);
  }

  function evaluate(now: number): void {
    const decision = track(
      policy,
      {
        min: scaling.group.min,
        max: scaling.group.max,
        desired: scaling.desired(),
        counted: countedInstances(scaling, policy, now).length,
        warmingUp: scaling.instances().some((instance) => isWarmingUp(instance, policy, now)),
        cpu: samples,
      },
      state,
      now,
    );
    state = decision.state;
    scaling.setDesired(decision.desired, 'target-tracking', decision.why ?? '');
  }

  function tick(due: number): void {
    sample();
    const minute = Math.floor(clock.now() / MINUTE_MS);
    if (minute > Math.floor((due - SAMPLE_MS) / MINUTE_MS)) evaluate(minute * MINUTE_MS);
    const next = Math.max(due, Math.floor(clock.now() / SAMPLE_MS) * SAMPLE_MS) + SAMPLE_MS;
    cancel = clock.at(next, () => tick(next));
  }

  const first = Math.floor(sampledAt / SAMPLE_MS) * SAMPLE_MS + SAMPLE_MS;
  let cancel = clock.at(first, () => tick(first));
  return () => cancel();
}

/** In service and warmed up: those on their way out are in service no longer. */
function countedInstances(scaling: ScalingGroup, policy: Tracking, now: number): Instance[] {
  return scaling
    .instances()
    .filter(
      (instance) =>
        instance.life.state === 'InService' && instance.healthy && !isWarmingUp(instance, policy, now),
    );
}

function isWarmingUp({ life, inServiceAt }: Instance, { warmUpMs }: Tracking, now: number): boolean {
  return isCapacity(life.state) && (inServiceAt === undefined || now - inServiceAt < warmUpMs);
}
