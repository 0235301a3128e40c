import type { AwsTwin } from './aws-twin.ts';
import type { AwsHappening } from './events.ts';
import type { RunningGroups } from './running-groups.ts';

const SPOT_NOTICE_MS = 120_000;

/** What a person, the cloud or chance does to the groups and their machines. */
export type Hands = Pick<
  AwsTwin,
  | 'size'
  | 'setDesiredCapacity'
  | 'replaceOne'
  | 'markUnhealthy'
  | 'reclaimSpot'
  | 'recommendRebalance'
  | 'crash'
  | 'tag'
>;

/** `factor`: how many times faster than real time the cloud's clock runs. */
export function createHands(
  groups: RunningGroups,
  factor: number,
  emit: (happening: AwsHappening) => void,
): Hands {
  return {
    size() {
      if (groups.all().length === 0) return undefined;
      const { group, desired } = groups.only();
      return { name: group.name, min: group.min, max: group.max, desired: desired() };
    },
    setDesiredCapacity(desired) {
      const { group, setDesired } = groups.only();
      if (!Number.isInteger(desired) || desired < group.min || desired > group.max) {
        throw new Error(
          `the desired capacity must be a whole number from ${group.min} to ${group.max}, not ${desired}`,
        );
      }
      setDesired(desired, 'operator', 'set by hand');
    },
    replaceOne: (cause) => groups.only().replaceOne(cause),
    markUnhealthy: (id) => groups.groupOf(id).markUnhealthy(id),
    reclaimSpot(id) {
      const realMs = SPOT_NOTICE_MS / factor;
      groups.instance(id).spotDeadline = Date.now() + realMs;
      groups.groupOf(id).reclaimSpot(id, SPOT_NOTICE_MS);
    },
    recommendRebalance(id) {
      groups.instance(id).rebalanceNoticedAt = Date.now();
      emit({ kind: 'notice', instance: id, notice: 'rebalance' });
    },
    crash: (id) => groups.groupOf(id).crash(id),
    tag: (id, key, value) => {
      groups.instance(id).tags.set(key, value);
    },
  };
}
