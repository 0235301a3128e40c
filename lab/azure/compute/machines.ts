import { describeError } from '../../../fleet/error.ts';
import type { CloudClock } from '../../cloud/clock.ts';
import type { Happening } from '../../cloud/events.ts';
import type { Machine } from '../../machine.ts';
import { createInstance, type Instance, type InstanceSpec, type PowerState, standingOf } from './instance.ts';

export interface MachinesOptions {
  clock: CloudClock;
  /** Real time, ms since the epoch. */
  wallClock: () => number;
  /** Makes ids of this twin's instances its own. */
  seed: string;
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
  /** The machine is off at once; the instance stays, and says so. */
  powerOff(instance: Instance, power: PowerState, why: string): Promise<void>;
  close(): Promise<void>;
}

export function createMachines(options: MachinesOptions): Machines {
  const { clock, emit } = options;
  const instances: Instance[] = [];

  function tell(instance: Instance, why: string): void {
    const standing = standingOf(instance);
    if (instance.told === standing) return;
    instance.told = standing;
    const { name, zone, set } = instance;
    emit({ kind: 'instance', instance: name, zone: zone || set.location, standing, why });
  }

  async function start(instance: Instance): Promise<void> {
    try {
      instance.machine = await options.start(instance, () => {
        instance.booted = true;
        tell(instance, 'what its custom data say has run');
      });
      if (instance.power === 'starting') instance.power = 'running';
      if (instance.provisioning === 'Creating') instance.provisioning = 'Succeeded';
      tell(instance, 'the machine runs');
    } catch (cause) {
      instance.provisioning = 'Failed';
      emit({ kind: 'trouble', problem: `${instance.name} could not be started: ${describeError(cause)}` });
    }
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
      const instance = createInstance({ ...spec, ...times }, options.seed);
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
    async powerOff(instance, power, why) {
      if (instance.stoppedAt !== undefined) return;
      try {
        await instance.machine?.terminate();
      } catch (cause) {
        emit({ kind: 'trouble', problem: `${instance.name} could not be ended: ${describeError(cause)}` });
        return;
      }
      instance.stoppedAt ??= clock.now();
      instance.power = power;
      tell(instance, why);
    },
    async close() {
      const running = instances.filter(({ stoppedAt }) => stoppedAt === undefined);
      await Promise.all(running.map(({ machine }) => machine?.terminate()));
      for (const instance of running) instance.stoppedAt = clock.now();
    },
  };
}
