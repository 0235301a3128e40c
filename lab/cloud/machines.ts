import { describeError } from '../../fleet/error.ts';
import type { Machine } from '../machine.ts';
import type { CloudClock } from './clock.ts';
import type { Happening, Standing } from './events.ts';
import type { TwinInstance as DescribedInstance } from './twin-cloud.ts';

/** What a twin of any cloud keeps of one instance besides what is that cloud's own. */
export interface KeptInstance {
  readonly name: string;
  /** The cloud's own clock. */
  readonly launchedAt: number;
  /** What its image runs at first has run to its end. */
  booted: boolean;
  /** A decision that it goes was told. */
  decided: boolean;
  machine?: Machine;
  /** When the machine was off, by the cloud's own clock: it is billed until then. */
  stoppedAt?: number;
  /** It was deleted: the API knows it no longer. */
  isGone: boolean;
  /** What was last told of it. */
  told?: Standing;
}

/** What a twin gives whatever keeps its machines. */
export interface MachinesOptions<Instance> {
  clock: CloudClock;
  /** Real time, ms since the epoch. */
  wallClock: () => number;
  emit(happening: Happening): void;
  /** Gives an instance its metadata and its machine, and starts it. Calls back when it has booted. */
  start(instance: Instance, booted: () => void): Promise<Machine>;
}

export interface MachineBookOptions<Instance> extends Omit<MachinesOptions<Instance>, 'wallClock'> {
  standingOf(instance: Instance): Standing;
  /** Its zone, or whatever says best where it is. */
  placeOf(instance: Instance): string;
  /** Its state in the cloud's own words, for people. */
  stateOf(instance: Instance): string;
  /** What of it can be read may be another now. */
  changed?(instance: Instance): void;
}

/** What a cloud shows of its book: what may come to be and end, and how, it says itself. */
export type OpenBook<Instance> = Omit<MachineBook<Instance>, 'add' | 'start' | 'end'>;

/** Every instance that there ever was, and the machines behind them. */
export interface MachineBook<Instance> {
  all(): readonly Instance[];
  /** The same as every cloud would say it. */
  described(): (DescribedInstance & { stoppedAt: number | undefined })[];
  /** Those that the API knows. */
  present(): Instance[];
  /** Throws where there is none that runs. */
  named(name: string): Instance;
  add(instance: Instance, why: string): void;
  /** False where it could not be started, which is told. */
  start(instance: Instance, whenBooted: string): Promise<boolean>;
  /** The cloud, or whoever works for it, has decided that this one goes: told once. */
  decide(instance: Instance, decision: { scaleIn: boolean; cause: string }): void;
  /** After anything that may change where it stands. */
  tell(instance: Instance, why: string): void;
  /** Ends the machine behind it. False where it was off already, or could not be ended, which is told. */
  end(instance: Instance): Promise<boolean>;
  close(): Promise<void>;
}

export function createMachineBook<Instance extends KeptInstance>(
  options: MachineBookOptions<Instance>,
): MachineBook<Instance> {
  const { clock, emit } = options;
  const instances: Instance[] = [];

  function tell(instance: Instance, why: string): void {
    const standing = options.standingOf(instance);
    if (instance.told !== standing) {
      instance.told = standing;
      emit({ kind: 'instance', instance: instance.name, zone: options.placeOf(instance), standing, why });
    }
    options.changed?.(instance);
  }

  return {
    all: () => instances,
    described: () =>
      instances.map((instance) => ({
        id: instance.name,
        zone: options.placeOf(instance),
        standing: options.standingOf(instance),
        state: options.stateOf(instance),
        launchedAt: instance.launchedAt,
        stoppedAt: instance.stoppedAt,
        running: instance.stoppedAt === undefined,
      })),
    present: () => instances.filter(({ isGone }) => !isGone),
    named(name) {
      const found = instances.find((instance) => instance.name === name && instance.stoppedAt === undefined);
      if (found === undefined) throw new Error(`there is no instance ${name} that runs in the twin`);
      return found;
    },
    add(instance, why) {
      instances.push(instance);
      tell(instance, why);
    },
    async start(instance, whenBooted) {
      try {
        instance.machine = await options.start(instance, () => {
          instance.booted = true;
          tell(instance, whenBooted);
        });
        return true;
      } catch (cause) {
        const problem = `${instance.name} could not be started: ${describeError(cause)}`;
        emit({ kind: 'trouble', problem });
        return false;
      }
    },
    decide(instance, { scaleIn, cause }) {
      if (instance.decided) return;
      instance.decided = true;
      emit({ kind: 'decision', instance: instance.name, scaleIn, cause });
      tell(instance, cause);
    },
    tell,
    async end(instance) {
      if (instance.stoppedAt !== undefined) return false;
      try {
        await instance.machine?.terminate();
      } catch (cause) {
        emit({ kind: 'trouble', problem: `${instance.name} could not be ended: ${describeError(cause)}` });
        return false;
      }
      instance.stoppedAt ??= clock.now();
      return true;
    },
    async close() {
      const running = instances.filter(({ stoppedAt }) => stoppedAt === undefined);
      await Promise.all(running.map(({ machine }) => machine?.terminate()));
      for (const instance of running) instance.stoppedAt = clock.now();
    },
  };
}
