import { createMachineBook, type OpenBook, type MachinesOptions as Options } from '../../cloud/machines.ts';
import { changed, createInstance, type Instance, type InstanceSpec, standingOf } from './instance.ts';

export interface MachinesOptions extends Options<Instance> {
  /** Makes ids of this twin's instances its own. */
  seed: string;
  /** `projects/NUMBER/regions/REGION/instanceGroupManagers/` */
  groupsPath: string;
}

export interface Machines extends OpenBook<Instance> {
  launch(spec: Omit<InstanceSpec, 'createdAt' | 'launchedAt'>, why: string): Instance;
  /** Shuts it down, which takes so long (by the cloud's clock), and deletes it. */
  remove(instance: Instance, afterMs: number, why: string): Promise<void>;
  /** The machine is off at once; the instance stays, and says so. */
  powerOff(instance: Instance, why: string): Promise<void>;
  /** Called with each instance whose machine is off. */
  onOff(listener: (instance: Instance) => void): void;
}

export function createMachines(options: MachinesOptions): Machines {
  const { clock, wallClock, emit, start } = options;
  const {
    add,
    start: startMachine,
    end,
    ...book
  } = createMachineBook<Instance>({
    clock,
    emit,
    standingOf,
    placeOf: ({ zone }) => zone,
    stateOf: ({ status, action }) => `${status} (${action ?? 'out of the group'})`,
    start,
    changed,
  });
  const offListeners: ((instance: Instance) => void)[] = [];
  let open = true;

  async function begin(instance: Instance): Promise<void> {
    instance.status = 'STAGING';
    if (!(await startMachine(instance, 'its startup script has run'))) return;
    if (instance.status === 'STAGING') instance.status = 'RUNNING';
    if (instance.action === 'CREATING') instance.action = 'NONE';
    book.tell(instance, 'the machine runs');
  }

  async function powerOff(instance: Instance, why: string): Promise<void> {
    if (!(await end(instance))) return;
    instance.lastStop = wallClock();
    instance.status = 'TERMINATED';
    book.tell(instance, why);
    if (open) for (const listener of offListeners) listener(instance);
  }

  return {
    ...book,
    launch(spec, why) {
      const times = { createdAt: wallClock(), launchedAt: clock.now() };
      const seed = `${options.seed}#${book.all().length}`;
      const instance = createInstance({ ...spec, ...times }, seed, `${options.groupsPath}${spec.group}`);
      add(instance, why);
      void begin(instance);
      return instance;
    },
    remove(instance, afterMs, why) {
      if (instance.isGone) return Promise.resolve();
      if (instance.stoppedAt === undefined) instance.status = 'STOPPING';
      book.tell(instance, why);
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
    close() {
      open = false;
      return book.close();
    },
  };
}
