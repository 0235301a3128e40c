import type { Happening } from '../cloud/events.ts';
import type { TwinCloud } from '../cloud/twin-cloud.ts';
import type { AzureHands } from './azure-twin.ts';
import type { Instance } from './compute/instance.ts';
import type { Machines } from './compute/machines.ts';
import type { RunningSets } from './compute/running-sets.ts';
import type { RunningScaleSet } from './compute/scale-set.ts';
import { sameId } from './ids.ts';

/** At least a quarter of an hour, as Azure promises. */
const MAINTENANCE_MS = 900_000;

export interface HandsOptions {
  machines: Machines;
  sets: RunningSets;
  emit(happening: Happening): void;
}

type MachineHands = Pick<AzureHands, 'deleteInstance' | 'evict' | 'maintain' | 'setTag' | 'loseProtection'>;

/** What a person, the cloud or chance does to the set and its machines. */
export function createHands({
  machines,
  sets,
  emit,
}: HandsOptions): MachineHands & Pick<TwinCloud, 'size' | 'setDesiredCapacity' | 'crash'> {
  function only(): RunningScaleSet {
    const [set, ...others] = sets.all();
    if (set === undefined || others.length > 0) {
      throw new Error(`the twin Azure has ${sets.all().length} scale sets, and not one`);
    }
    return set;
  }

  function setOf(instance: Instance): RunningScaleSet {
    const found = sets.find(instance.set.id);
    if (found?.members().includes(instance)) return found;
    throw new Error(`${instance.name} is in no scale set of the twin`);
  }

  return {
    size() {
      const [set] = sets.all();
      if (set === undefined) return undefined;
      const setting = sets.autoscale(set.set.id)?.setting;
      const desired = set.capacity();
      return { name: set.set.name, min: setting?.min ?? desired, max: setting?.max ?? desired, desired };
    },
    setDesiredCapacity(desired) {
      const set = only();
      const setting = sets.autoscale(set.set.id)?.setting;
      const { min = 0, max = 1000 } = setting ?? {};
      if (!Number.isInteger(desired) || desired < min || desired > max) {
        throw new Error(`the capacity must be a whole number from ${min} to ${max}, not ${desired}`);
      }
      set.resize(desired, 'operator', 'set by hand');
    },
    deleteInstance(name) {
      const instance = machines.named(name);
      void setOf(instance).remove(instance, 'deleted by a person');
    },
    evict(name) {
      const instance = machines.named(name);
      void setOf(instance).evict(instance);
    },
    maintain(name, type, afterMs = MAINTENANCE_MS) {
      const instance = machines.named(name);
      const { events } = setOf(instance);
      emit({ kind: 'notice', instance: name, notice: type });
      const description = 'maintenance of its host';
      void events
        .schedule({ type, resources: [name], source: 'Platform', description }, afterMs)
        .then(() => events.end(name));
    },
    setTag(name, key, value) {
      const instance = machines.named(name);
      instance.tags = { ...instance.tags, [key]: value };
      instance.version += 1;
    },
    loseProtection(name) {
      const instance = machines.named(name);
      instance.protection = undefined;
      instance.version += 1;
    },
    crash: (name) => machines.powerOff(machines.named(name), 'stopped', 'the machine died'),
  };
}

/** Of whom nothing was heard yet. */
export function createUnheard(): { withhold: AzureHands['withholdRoles']; isUnheard(id: string): boolean } {
  let unheard: readonly string[] = [];
  return {
    withhold(principalIds) {
      unheard = principalIds ?? [];
    },
    isUnheard: (id) => unheard.some((each) => sameId(each, id)),
  };
}
