import { createMachineBook, type OpenBook, type MachinesOptions as Options } from '../../cloud/machines.ts';
import { createInstance, type Instance, type InstanceSpec, type PowerState, standingOf } from './instance.ts';

export interface MachinesOptions extends Options<Instance> {
  /** Makes ids of this twin's instances its own. */
  seed: string;
}

export interface Machines extends OpenBook<Instance> {
  launch(spec: Omit<InstanceSpec, 'createdAt' | 'launchedAt'>, why: string): Instance;
  /** The machine is off at once; the instance stays, and says so. */
  powerOff(instance: Instance, power: PowerState, why: string): Promise<void>;
}

export function createMachines({ clock, wallClock, seed, emit, start }: MachinesOptions): Machines {
  const {
    add,
    start: startMachine,
    end,
    ...book
  } = createMachineBook<Instance>({
    clock,
    emit,
    standingOf,
    placeOf: ({ zone, set }) => zone || set.location,
    stateOf: ({ provisioning, power }) => `${provisioning} (${power})`,
    start,
  });

  async function begin(instance: Instance): Promise<void> {
    if (!(await startMachine(instance, 'what its custom data say has run'))) {
      instance.provisioning = 'Failed';
      return;
    }
    if (instance.power === 'starting') instance.power = 'running';
    if (instance.provisioning === 'Creating') instance.provisioning = 'Succeeded';
    book.tell(instance, 'the machine runs');
  }

  return {
    ...book,
    launch(spec, why) {
      const times = { createdAt: wallClock(), launchedAt: clock.now() };
      const instance = createInstance({ ...spec, ...times }, seed);
      add(instance, why);
      void begin(instance);
      return instance;
    },
    async powerOff(instance, power, why) {
      if (!(await end(instance))) return;
      instance.power = power;
      book.tell(instance, why);
    },
  };
}
