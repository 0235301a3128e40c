import type { CloudClock } from '../cloud/clock.ts';
import type { Happening } from '../cloud/events.ts';
import type { TwinCloud } from '../cloud/twin-cloud.ts';
import type { Autoscaler } from './compute/autoscaler.ts';
import { changed, type Instance } from './compute/instance.ts';
import type { Machines } from './compute/machines.ts';
import type { ManagedGroup } from './compute/managed-group.ts';
import type { RunningGroups } from './compute/running-groups.ts';
import type { GcpHands } from './gcp-twin.ts';

/** From the notice to the end, by the cloud's clock. */
const PREEMPTION_MS = 30_000;
const MAINTENANCE_MS = 60_000;

export interface HandsOptions {
  machines: Machines;
  groups: RunningGroups;
  clock: CloudClock;
  emit(happening: Happening): void;
}

/** What a person, the cloud or chance does to the group and its machines. */
export function createHands({
  machines,
  groups,
  clock,
  emit,
}: HandsOptions): Omit<GcpHands, 'silenceScheduler'> &
  Pick<TwinCloud, 'size' | 'setDesiredCapacity' | 'crash'> {
  function only(): ManagedGroup {
    const [managed, ...others] = groups.all();
    if (managed === undefined || others.length > 0) {
      throw new Error(`the twin Google Cloud has ${groups.all().length} groups, and not one`);
    }
    return managed;
  }

  function autoscaler(): Autoscaler | undefined {
    const name = only().group.autoscaler?.name;
    return name === undefined ? undefined : groups.autoscaler(name);
  }

  function mustScale(): Autoscaler {
    const found = autoscaler();
    if (found === undefined) throw new Error('the group of the twin has no autoscaler');
    return found;
  }

  function groupOf(instance: Instance): ManagedGroup {
    const managed = groups.find(instance.group);
    if (managed?.members().includes(instance)) return managed;
    throw new Error(`${instance.name} is in no group of the twin`);
  }

  return {
    size() {
      const [managed] = groups.all();
      if (managed === undefined) return undefined;
      const desired = managed.targetSize();
      const { name, autoscaler } = managed.group;
      return { name, min: autoscaler?.min ?? desired, max: autoscaler?.max ?? desired, desired };
    },
    setDesiredCapacity(desired) {
      const managed = only();
      const { autoscaler } = managed.group;
      if (autoscaler === undefined) {
        managed.resize(desired, 'operator', 'set by hand');
        return;
      }
      if (!Number.isInteger(desired) || desired < autoscaler.min || desired > autoscaler.max) {
        throw new Error(
          `the recommended size must be a whole number from ${autoscaler.min} to ${autoscaler.max}, not ${desired}`,
        );
      }
      groups.autoscaler(autoscaler.name)?.pretend({ recommendedSize: desired });
    },
    pretendAutoscaler(state) {
      mustScale().pretend(state);
    },
    autoscalerMode: () => autoscaler()?.model.mode,
    setAutoscalerMode(mode) {
      const scaler = mustScale();
      scaler.change({ ...scaler.model, mode });
    },
    abandon(name) {
      const instance = machines.named(name);
      groupOf(instance).abandon([instance]);
    },
    repair(name) {
      const instance = machines.named(name);
      groupOf(instance).recreate(instance, 'repaired by its group');
    },
    preempt(name) {
      const instance = machines.named(name);
      instance.preempted = true;
      emit({ kind: 'notice', instance: name, notice: 'preemption' });
      machines.decide(instance, { scaleIn: false, cause: 'preemption' });
      changed(instance);
      clock.at(clock.now() + PREEMPTION_MS, () => void machines.powerOff(instance, 'preempted'));
    },
    maintain(name, event) {
      const instance = machines.named(name);
      instance.maintenance = event;
      emit({ kind: 'notice', instance: name, notice: event });
      changed(instance);
      clock.at(clock.now() + MAINTENANCE_MS, () => {
        instance.maintenance = 'NONE';
        changed(instance);
        if (event === 'TERMINATE_ON_HOST_MAINTENANCE')
          void machines.powerOff(instance, 'maintenance of its host');
      });
    },
    setLabel(name, key, value) {
      const instance = machines.named(name);
      instance.labels = { ...instance.labels, [key]: value };
    },
    setMetadata(name, key, value) {
      const instance = machines.named(name);
      instance.metadata = { ...instance.metadata, [key]: value };
      changed(instance);
    },
    crash: (name) => machines.powerOff(machines.named(name), 'the machine died'),
  };
}
