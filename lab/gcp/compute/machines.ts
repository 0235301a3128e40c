import { describeError } from '../../../fleet/error.ts';
import type { CloudClock } from '../../cloud/clock.ts';
import type { Happening } from '../../cloud/events.ts';
import type { Machine } from '../../machine.ts';
import { changed, createInstance, type Instance, type InstanceSpec, standingOf } from './instance.ts';

export interface MachinesOptions {
  clock: CloudClock;
  /** Real time, ms since the epoch. */
  wallClock: () => number;
  /** Makes ids of this twin's instances its own. */
  seed: string;
  /** `projects/NUMBER/regions/REGION/instanceGroupManagers/` */
  groupsPath: string;
  emit(happening: Happening): void;
  /** Gives an instance its metadata and its machine, and starts it. Calls back when it has booted. */
  start(instance: Instance, booted: () => void): Promise<Machine>;
}

/** Every instance that there ever was, and the machines behind them. */
export interface Machines {
  all(): readonly Instance[];
  /** Those that the API knows. */
  present(): Instance[];
  /** Throws where there is none that runs. */
  named(name: string): Instance;
  launch(spec: Omit<InstanceSpec, 'createdAt' | 'launchedAt'>, why: string): Instance;
  /** The cloud, or whoever works for it, has decided that this one goes: told once. */
  decide(instance: Instance, decision: { scaleIn: boolean; cause: string }): void;
  /** After anything that may change where it stands. */
  tell(instance: Instance, why: string): void;
  /** Shuts it down, which takes so long (by the cloud's clock), and deletes it. */
  remove(instance: Instance, afterMs: number, why: string): Promise<void>;
  /** The machine is off at once; the instance stays, and says so. */
  powerOff(instance: Instance, why: string): Promise<void>;
  /** Called with each instance whose machine is off. */
  onOff(listener: (instance: Instance) => void): void;
  close(): Promise<void>;
}

export function createMachines(options: MachinesOptions): Machines {
  const { clock, emit } = options;
  const instances: Instance[] = [];
  const offListeners: ((instance: Instance) => void)[] = [];
  let open = true;

  function tell(instance: Instance, why: string): void {
    const standing = standingOf(instance);
    if (instance.told !== standing) {
      instance.told = standing;
      emit({ kind: 'instance', instance: instance.name, zone: instance.zone, standing, why });
    }
    changed(instance);
  }

  async function start(instance: Instance): Promise<void> {
    try {
      instance.status = 'STAGING';
      instance.machine = await options.start(instance, () => {
        instance.booted = true;
        tell(instance, 'its startup script has run');
      });
      if (instance.status === 'STAGING') instance.status = 'RUNNING';
      if (instance.action === 'CREATING') instance.action = 'NONE';
      tell(instance, 'the machine runs');
    } catch (cause) {
      emit({ kind: 'trouble', problem: `${instance.name} could not be started: ${describeError(cause)}` });
    }
  }

  async function powerOff(instance: Instance, why: string): Promise<void> {
    if (instance.stoppedAt !== undefined) return;
    try {
      await instance.machine?.terminate();
    } catch (cause) {
      emit({ kind: 'trouble', problem: `${instance.name} could not be ended: ${describeError(cause)}` });
      return;
    }
    instance.stoppedAt ??= clock.now();
    instance.lastStop = options.wallClock();
    instance.status = 'TERMINATED';
    tell(instance, why);
    if (open) for (const listener of offListeners) listener(instance);
  }

  return {
    all: () => instances,
    present: () => instances.filter(({ isGone }) => !isGone),
    named(name) {
      const found = instances.find((instance) => instance.name === name && instance.stoppedAt === undefined);
      if (found === undefined) throw new Error(`there is no instance ${name} that runs in the twin`);
      return found;
    },
    launch(spec, why) {
      const times = { createdAt: options.wallClock(), launchedAt: clock.now() };
      const seed = `${options.seed}#${instances.length}`;
      const instance = createInstance({ ...spec, ...times }, seed, `${options.groupsPath}${spec.group}`);
      instances.push(instance);
      tell(instance, why);
      void start(instance);
      return instance;
    },
    decide(instance, { scaleIn, cause }) {
      if (instance.decided) return;
      instance.decided = true;
      emit({ kind: 'decision', instance: instance.name, scaleIn, cause });
      tell(instance, cause);
    },
    tell,
    remove(instance, afterMs, why) {
      if (instance.isGone) return Promise.resolve();
      if (instance.stoppedAt === undefined) instance.status = 'STOPPING';
      tell(instance, why);
      return new Promise((resolve) => {
        clock.at(clock.now() + afterMs, () => {
          void powerOff(instance, why).then(() => {
            instance.isGone = true;
            resolve();
          });
        });
      });
    },
    powerOff,
    onOff: (listener) => {
      offListeners.push(listener);
    },
    async close() {
      open = false;
      const running = instances.filter(({ stoppedAt }) => stoppedAt === undefined);
      await Promise.all(running.map(({ machine }) => machine?.terminate()));
      for (const instance of running) instance.stoppedAt = clock.now();
    },
  };
}
