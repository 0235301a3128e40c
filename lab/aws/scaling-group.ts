import { describeError } from '../../fleet/error.ts';
import type { CloudClock } from '../cloud/clock.ts';
import { hexId } from '../cloud/identifiers.ts';
import type { Machine } from '../machine.ts';
import { zoneToGrow } from './capacity.ts';
import type { AwsHappening, TerminationCause } from './events.ts';
import {
  createInstance,
  decide,
  type Instance,
  type LifeDeps,
  move,
  nextToken,
  powerOff,
  tellState,
} from './instance.ts';
import { type Hook, type HookResult, isCapacity } from './lifecycle.ts';
import type { Group, LaunchTemplate } from './model.ts';
import { chooseVictims, type PolicyCause } from './victims.ts';

export type DesiredBy = 'target-tracking' | 'operator' | 'api';

/** By name, since an event may be anything. */
export interface PolicyQuestion {
  policy: string;
  group: Group;
  event: unknown;
}

export interface ScalingGroupOptions {
  group: Group;
  mode: 'ebbtide' | 'control';
  clock: CloudClock;
  /** Makes ids of this twin's instances its own. */
  seed: string;
  emit(happening: AwsHappening): void;
  /** Gives an instance its metadata and its machine, and starts it. */
  start(instance: Instance, template: LaunchTemplate): Promise<Machine>;
  askPolicy(question: PolicyQuestion): Promise<unknown>;
}

/** An Auto Scaling group: keeps as many instances as are desired, and lets them go by its rules. */
export interface ScalingGroup {
  /** As it is now. */
  readonly group: Group;
  desired(): number;
  instances(): readonly Instance[];
  find(id: string): Instance | undefined;
  begin(): void;
  setDesired(desired: number, by: DesiredBy, why: string): void;
  /**
   * Other rules from now on; what is not told stays. Instances keep the template that they were made from. Answers why
   * not, where AWS would refuse.
   */
  change(members: Partial<Group>): string | undefined;
  /** These three answer why not, where AWS would refuse. */
  complete(action: {
    instance: string;
    hook: string;
    token?: string | undefined;
    result: HookResult;
  }): string | undefined;
  heartbeat(action: { instance: string; hook: string; token?: string | undefined }): string | undefined;
  terminate(instance: string, decrement: boolean): string | undefined;
  replaceOne(cause: Exclude<PolicyCause, 'SCALE_IN'>): void;
  markUnhealthy(instance: string): void;
  reclaimSpot(instance: string, noticeMs: number): void;
  crash(instance: string): Promise<void>;
  close(): Promise<void>;
}

/** How long the group waits before it asks its termination policy again. */
const ASK_AGAIN_MS = 30_000;
/** How long it takes a group to see that a machine is dead. */
const HEALTH_CHECK_MS = 60_000;

export function createScalingGroup(options: ScalingGroupOptions): ScalingGroup {
  const { clock, emit } = options;
  let group = options.group;
  const control = options.mode === 'control';
  // The control lets AWS choose.
  const ask = control
    ? undefined
    : (policy: string, event: unknown) => options.askPolicy({ policy, group, event });
  const instances: Instance[] = [];
  const replacements: Exclude<PolicyCause, 'SCALE_IN'>[] = [];
  let desired = group.desired;
  let open = false;
  let asking = false;
  let turn = 0;
  let cancelAsk: (() => void) | undefined;

  const deps: LifeDeps = {
    get rules() {
      return control
        ? { hooks: [], terminateHookAbandon: 'terminate' as const }
        : { hooks: group.hooks, terminateHookAbandon: group.terminateHookAbandon };
    },
    clock,
    emit,
    changed: reconcile,
  };

  function reconcile(): void {
    if (!open) return;
    const capacity = instances.filter(({ life }) => isCapacity(life.state));
    for (let missing = desired - capacity.length; missing > 0; missing--) void launch();
    if (excess() > 0 || replacements.length > 0) void shrink();
  }

  function excess(): number {
    return instances.filter(({ life }) => isCapacity(life.state)).length - desired;
  }

  async function launch(): Promise<void> {
    const { template } = group;
    const present = instances.filter(({ life }) => isCapacity(life.state));
    const instance = createInstance({
      id: `i-${hexId(`${options.seed}#${instances.length}`, 17)}`,
      zone: zoneToGrow(
        group.zones,
        present.map(({ zone }) => ({ zone })),
      ),
      template: template.version,
      launchedAt: clock.now(),
      tags: new Map(
        Object.entries({ ...template.tags, ...group.tags, 'aws:autoscaling:groupName': group.name }),
      ),
    });
    instances.push(instance);
    tellState(instance, 'none', 'Pending', `${desired} are desired`, deps);
    try {
      instance.machine = await options.start(instance, template);
      move(instance, { kind: 'started', token: nextToken(instance) }, 'the machine runs', deps);
    } catch (cause) {
      emit({ kind: 'trouble', problem: `${instance.id} could not be started: ${describeError(cause)}` });
    }
  }

  /** Asks for victims, takes them, and asks again later while there are still too many. */
  async function shrink(): Promise<void> {
    if (asking || group.suspended.includes('Terminate')) return;
    asking = true;
    cancelAsk?.();
    try {
      const replacement = replacements[0];
      const cause = replacement ?? 'SCALE_IN';
      const candidates = instances.filter(({ life, healthy }) => life.state === 'InService' && healthy);
      const count = Math.min(replacement ? 1 : excess(), candidates.length);
      const victims = await chooseVictims(
        { group, candidates, count, turn, cause, now: clock.now() },
        ask,
        emit,
      );
      turn += 1;
      // What is desired may have risen again while the policy was thinking: the rest is cancelled.
      const wanted = open ? victims.slice(0, replacement ? 1 : Math.max(0, excess())) : [];
      for (const id of wanted) letGo(id, cause);
      if (replacement && wanted.length > 0) replacements.shift();
    } finally {
      asking = false;
    }
    if (open && (excess() > 0 || replacements.length > 0)) {
      cancelAsk = clock.at(clock.now() + ASK_AGAIN_MS, () => void shrink());
    }
  }

  function letGo(id: string, cause: TerminationCause): string | undefined {
    const instance = find(id);
    if (!instance) return `No managed instance found for instance ID: ${id}`;
    return move(instance, { kind: 'terminate', token: nextToken(instance) }, cause, deps, cause).refused;
  }

  function find(id: string): Instance | undefined {
    return instances.find((instance) => instance.id === id);
  }

  function must(id: string): Instance {
    const instance = find(id);
    if (!instance) throw new Error(`there is no instance ${id} in the twin`);
    return instance;
  }

  function setDesired(next: number, by: DesiredBy, why: string): void {
    if (next === desired) return;
    emit({ kind: 'desired', from: desired, to: next, by, why });
    desired = next;
    reconcile();
  }

  function change(members: Partial<Group>): string | undefined {
    const next = { ...group, ...members };
    if (next.min > next.max) return `the minimum of ${next.min} is more than the maximum of ${next.max}`;
    const wanted = members.desired;
    if (wanted !== undefined && (wanted < next.min || wanted > next.max)) {
      return `Desired capacity:${wanted} must be between the specified min size:${next.min} and max size:${next.max}`;
    }
    const lost = group.hooks.filter((hook) => !next.hooks.some(({ name }) => name === hook.name));
    for (const hook of lost) letGoOf(hook);
    group = next;
    // A size that no longer fits is moved to the next that does.
    setDesired(
      Math.min(next.max, Math.max(next.min, wanted ?? desired)),
      'operator',
      'the group was changed',
    );
    reconcile();
    return undefined;
  }

  /** To delete a hook completes it for whoever waits in it: ABANDON for who comes, CONTINUE for who leaves. */
  function letGoOf({ name, transition }: Hook): void {
    const result = transition === 'launching' ? 'ABANDON' : 'CONTINUE';
    for (const instance of instances.filter(({ life }) => life.waiting.some((wait) => wait.name === name)))
      move(
        instance,
        { kind: 'complete', hook: name, result },
        `the lifecycle hook ${name} was deleted`,
        deps,
      );
  }

  function terminate(id: string, decrement: boolean): string | undefined {
    const instance = find(id);
    if (!instance || instance.life.state === 'Terminated')
      return `No managed instance found for instance ID: ${id}`;
    if (decrement && instance.life.state === 'Terminating:Retained') {
      return `${id} is retained: it does not count as capacity, so the desired capacity cannot be decremented with it`;
    }
    if (decrement && desired - 1 < group.min) {
      return `Currently, desiredSize equals minSize (${group.min}). Terminating instance without replacement will violate group's min size constraint.`;
    }
    const capacity = isCapacity(instance.life.state);
    if (decrement && capacity) {
      // Before the machine goes, so that nothing is launched in its place.
      emit({
        kind: 'desired',
        from: desired,
        to: desired - 1,
        by: 'api',
        why: `${id} is terminated with decrement`,
      });
      desired -= 1;
    }
    return letGo(id, 'API');
  }

  return {
    get group() {
      return group;
    },
    desired: () => desired,
    instances: () => instances,
    find,
    begin() {
      open = true;
      reconcile();
    },
    setDesired,
    change,
    complete: ({ instance: id, hook, token, result }) => {
      const instance = find(id);
      if (!instance) return `No active Lifecycle Action found with instance ID ${id}`;
      const event = { kind: 'complete', hook, token, result } as const;
      return move(instance, event, `the lifecycle hook ${hook} was completed: ${result}`, deps).refused;
    },
    heartbeat: ({ instance: id, hook, token }) => {
      const instance = find(id);
      if (!instance) return `No active Lifecycle Action found with instance ID ${id}`;
      const { refused } = move(instance, { kind: 'heartbeat', hook, token }, 'heartbeat', deps);
      if (refused === undefined) emit({ kind: 'heartbeat', instance: id, hook });
      return refused;
    },
    terminate,
    replaceOne(cause) {
      replacements.push(cause);
      reconcile();
    },
    markUnhealthy(id) {
      must(id).healthy = false;
      letGo(id, 'UNHEALTHY');
    },
    reclaimSpot(id, noticeMs) {
      const instance = must(id);
      decide(instance, 'SPOT', deps);
      emit({ kind: 'notice', instance: id, notice: 'spot' });
      clock.at(
        clock.now() + noticeMs,
        () => void powerOff(instance, 'the spot instance was taken back', deps),
      );
    },
    async crash(id) {
      const instance = must(id);
      instance.healthy = false;
      await instance.machine?.terminate();
      instance.stoppedAt ??= clock.now();
      clock.at(clock.now() + HEALTH_CHECK_MS, () => void powerOff(instance, 'the machine is dead', deps));
    },
    async close() {
      open = false;
      cancelAsk?.();
      for (const instance of instances) instance.cancelTimer?.();
      const running = instances.filter(({ stoppedAt }) => stoppedAt === undefined);
      await Promise.all(running.map((instance) => instance.machine?.terminate()));
      for (const instance of running) instance.stoppedAt = clock.now();
    },
  };
}
