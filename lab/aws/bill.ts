import type { Instance } from './instance.ts';
import { isCapacity, type LifecycleState } from './lifecycle.ts';
import type { TwinCloud, TwinInstance } from './twin-cloud.ts';

/** What there is to be paid for. */
export type Bill = Pick<TwinCloud, 'instances' | 'nodeSeconds' | 'leaked'>;

/** `now`: the cloud's own clock. */
export function createBill(instances: () => readonly Instance[], now: () => number): Bill {
  return {
    instances: () => instances().map(describeInstance),
    nodeSeconds: () =>
      instances().reduce(
        (sum, { launchedAt, stoppedAt }) => sum + ((stoppedAt ?? now()) - launchedAt) / 1000,
        0,
      ),
    leaked: () =>
      instances()
        .filter(({ life, stoppedAt }) => stoppedAt === undefined && !belongs(life.state))
        .map(({ id }) => id),
  };
}

function describeInstance({ id, zone, life, launchedAt, stoppedAt }: Instance): TwinInstance {
  return { id, zone, state: life.state, launchedAt, running: stoppedAt === undefined };
}

/** In the group, or on its way out. A retained machine is neither: it waits for somebody to end it. */
function belongs(state: LifecycleState): boolean {
  return (
    isCapacity(state) ||
    state === 'Terminating' ||
    state === 'Terminating:Wait' ||
    state === 'Terminating:Proceed'
  );
}
