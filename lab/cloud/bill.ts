import type { TwinCloud, TwinInstance } from './twin-cloud.ts';

/** A machine that a twin launched, and when it was off, by the twin's own clock: it is billed until then. */
export interface Billed extends Omit<TwinInstance, 'running'> {
  stoppedAt?: number | undefined;
}

/** What there is to be paid for. */
export type Bill = Pick<TwinCloud, 'nodeSeconds' | 'leaked'>;

/** `instances`: all that there ever were. `now`: the cloud's own clock. */
export function createBill(instances: () => readonly Billed[], now: () => number): Bill {
  return {
    nodeSeconds: () =>
      instances().reduce(
        (sum, { launchedAt, stoppedAt }) => sum + ((stoppedAt ?? now()) - launchedAt) / 1000,
        0,
      ),
    leaked: () =>
      instances()
        .filter(({ standing, stoppedAt }) => stoppedAt === undefined && isLost(standing))
        .map(({ id }) => id),
  };
}

/** Neither in the group nor on its way out. */
function isLost(standing: TwinInstance['standing']): boolean {
  return standing === 'kept' || standing === 'gone';
}
