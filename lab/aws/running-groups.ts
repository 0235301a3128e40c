import { type Changes, changedMembers, compare } from '../cloud/changes.ts';
import type { CloudClock } from '../cloud/clock.ts';
import { runTracking } from './autoscaler.ts';
import type { Instance } from './instance.ts';
import type { Group } from './model.ts';
import { createScalingGroup, type ScalingGroup, type ScalingGroupOptions } from './scaling-group.ts';

/** The groups of a twin, each with the tracking that scales it. */
export interface RunningGroups {
  /** Those that there are. */
  all(): readonly ScalingGroup[];
  /** The only one. Throws where there is none, or another one. */
  only(): ScalingGroup;
  /** Every instance that any group ever had, of the groups that are gone too. */
  instances(): Instance[];
  /** Throws where there is none. */
  groupOf(instance: string): ScalingGroup;
  instance(id: string): Instance;
  /** Until then no group launches anything. */
  begin(): void;
  provision(changes: Changes<Group>): void;
  close(): Promise<void>;
}

export type RunningGroupsOptions = Omit<ScalingGroupOptions, 'group' | 'seed'> & { clock: CloudClock };

export function createRunningGroups(options: RunningGroupsOptions): RunningGroups {
  const running = new Map<string, ScalingGroup>();
  const gone: ScalingGroup[] = [];
  const trackings = new Map<string, () => void>();
  let begun = false;

  function add(group: Group): void {
    const scaling = createScalingGroup({ ...options, group, seed: `${options.mode}-${group.arn}` });
    running.set(group.arn, scaling);
    if (begun) begin(scaling);
  }

  function begin(scaling: ScalingGroup): void {
    scaling.begin();
    trackAnew(scaling, { added: scaling.group.tracking, changed: [], removed: [] });
  }

  function change(before: Group, after: Group): void {
    const scaling = running.get(before.arn);
    if (scaling === undefined) throw new Error(`there is no group ${before.name} in the twin`);
    const why = scaling.change(changedMembers(before, after));
    if (why !== undefined) throw new Error(`the group ${before.name} cannot be changed: ${why}`);
    if (begun)
      trackAnew(
        scaling,
        compare(before.tracking, after.tracking, ({ name }) => name),
      );
  }

  /** AWS too makes the alarms of a policy anew when the policy changes. */
  function trackAnew(scaling: ScalingGroup, policies: Changes<Group['tracking'][number]>): void {
    const keyOf = (name: string) => `${scaling.group.arn} ${name}`;
    for (const { name } of [...policies.removed, ...policies.changed.map(({ before }) => before)]) {
      trackings.get(keyOf(name))?.();
      trackings.delete(keyOf(name));
    }
    for (const policy of [...policies.added, ...policies.changed.map(({ after }) => after)]) {
      trackings.set(keyOf(policy.name), runTracking(policy, scaling, options.clock));
    }
  }

  function remove(group: Group): void {
    const scaling = running.get(group.arn);
    if (scaling === undefined) return;
    const left = scaling.instances().filter(({ life }) => life.state !== 'Terminated');
    if (left.length > 0) {
      const named = left.map(({ id, life }) => `${id} (${life.state})`).join(', ');
      throw new Error(`ResourceInUse: the group ${group.name} still has instances: ${named}`);
    }
    trackAnew(scaling, { added: [], changed: [], removed: scaling.group.tracking });
    running.delete(group.arn);
    gone.push(scaling);
  }

  function groupOf(instance: string): ScalingGroup {
    const found = [...running.values(), ...gone].find((scaling) => scaling.find(instance));
    if (found === undefined) throw new Error(`there is no instance ${instance} in the twin`);
    return found;
  }

  return {
    all: () => [...running.values()],
    only() {
      const [scaling, ...others] = running.values();
      if (scaling === undefined || others.length > 0) {
        throw new Error(`the twin AWS has ${running.size} groups, and not one`);
      }
      return scaling;
    },
    instances: () => [...gone, ...running.values()].flatMap((scaling) => scaling.instances()),
    groupOf,
    instance(id) {
      const instance = groupOf(id).find(id);
      if (instance === undefined) throw new Error(`there is no instance ${id} in the twin`);
      return instance;
    },
    begin() {
      begun = true;
      for (const scaling of running.values()) begin(scaling);
    },
    provision(changes) {
      for (const group of changes.removed) remove(group);
      for (const { before, after } of changes.changed) change(before, after);
      for (const group of changes.added) add(group);
    },
    async close() {
      await Promise.all([...running.values()].map((scaling) => scaling.close()));
    },
  };
}
