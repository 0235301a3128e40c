import type { CloudClock } from '../../cloud/clock.ts';
import type { Happening } from '../../cloud/events.ts';
import { fullestZone } from '../../cloud/fullest-zone.ts';
import { hexId } from '../../cloud/identifiers.ts';
import type { Group } from '../model.ts';
import type { Instance } from './instance.ts';
import type { Machines } from './machines.ts';

export interface ManagedGroupOptions {
  group: Group;
  clock: CloudClock;
  machines: Machines;
  seed: string;
  emit(happening: Happening): void;
}

/** A regional managed instance group: keeps as many instances as its target size says. */
export interface ManagedGroup {
  /** As it is now. */
  readonly group: Group;
  targetSize(): number;
  /** Those that its list shows. */
  members(): Instance[];
  begin(): void;
  resize(size: number, by: string, why: string): void;
  /** Members that are named leave the group and run on; its target size falls by as many. */
  abandon(members: readonly Instance[]): void;
  /** Members that are named are shut down, within 90 seconds whatever is on them; its target size falls by as many. */
  remove(members: readonly Instance[]): void;
  /** Made anew under its name. */
  recreate(member: Instance, why: string): void;
  /** Other rules from now on. Instances keep the template that they were made from. */
  change(group: Group): void;
  close(): void;
}

/** How long a machine is given to shut down. */
const SHUTDOWN_MS = 90_000;
const ABANDONING_MS = 2000;
/** How long it takes a group to see that a machine is off. */
const NOTICED_MS = 10_000;

export function createManagedGroup({
  clock,
  machines,
  seed,
  emit,
  ...options
}: ManagedGroupOptions): ManagedGroup {
  let group = options.group;
  let target = group.targetSize;
  let open = false;
  let named = 0;

  const members = () =>
    machines
      .all()
      .filter(({ group: own, action, isGone }) => own === group.name && action !== undefined && !isGone);
  /** Those that count for its size. */
  const staying = () => members().filter(({ action }) => action !== 'DELETING' && action !== 'ABANDONING');

  machines.onOff((instance) => {
    if (instance.group !== group.name || instance.action === undefined || instance.action === 'DELETING')
      return;
    clock.at(clock.now() + NOTICED_MS, () => {
      if (open && instance.action !== undefined && group.repairs) replace(instance, 'its machine is off');
    });
  });

  function reconcile(): void {
    if (!open) return;
    const present = staying();
    for (let missing = target - present.length; missing > 0; missing--) create();
    if (present.length > target) shrink(present.length - target);
  }

  function create(): void {
    const counts = group.zones.map((zone) => staying().filter((each) => each.zone === zone).length);
    const zone = group.zones[counts.indexOf(Math.min(...counts))] ?? '';
    machines.launch(
      { name: freshName(), zone, group: group.name, template: group.template },
      `the target size is ${target}`,
    );
  }

  function freshName(): string {
    const taken = new Set(machines.present().map(({ name }) => name));
    for (;;) {
      named += 1;
      const name = `${group.baseInstanceName}-${suffixOf(`${seed}#${named}`)}`;
      if (!taken.has(name)) return name;
    }
  }

  /** Google says nothing of which it takes but that the zones stay even. */
  function shrink(count: number): void {
    const left = staying();
    const victims: Instance[] = [];
    for (let index = 0; index < count; index++) {
      const zone = fullestZone(left);
      const victim = left.find((each) => each.zone === zone);
      if (victim === undefined) break;
      left.splice(left.indexOf(victim), 1);
      victims.push(victim);
    }
    for (const victim of victims) end(victim, true, 'scaled in by the autoscaler');
  }

  function end(instance: Instance, scaleIn: boolean, why: string): void {
    instance.action = 'DELETING';
    machines.decide(instance, { scaleIn, cause: why });
    void machines.remove(instance, SHUTDOWN_MS, why);
  }

  function replace(instance: Instance, why: string): void {
    if (instance.isGone || instance.action === undefined) return;
    instance.action = undefined;
    instance.isGone = true;
    const { name, zone } = instance;
    machines.launch({ name, zone, group: group.name, template: group.template }, `made anew: ${why}`);
  }

  function resize(size: number, by: string, why: string): void {
    if (size === target) return;
    emit({ kind: 'desired', from: target, to: size, by, why });
    target = size;
    reconcile();
  }

  return {
    get group() {
      return group;
    },
    targetSize: () => target,
    members,
    begin() {
      open = true;
      reconcile();
    },
    resize,
    abandon(leaving) {
      for (const instance of leaving) {
        instance.action = 'ABANDONING';
        clock.at(clock.now() + ABANDONING_MS, () => {
          instance.action = undefined;
        });
        machines.tell(instance, 'taken out of its group');
      }
      resize(target - leaving.length, 'api', `${leaving.length} were taken out of the group`);
    },
    remove(leaving) {
      for (const instance of leaving) end(instance, false, 'deleted through its group');
      resize(target - leaving.length, 'api', `${leaving.length} were deleted through the group`);
    },
    recreate(instance, why) {
      machines.decide(instance, { scaleIn: false, cause: why });
      instance.action = 'RECREATING';
      machines.tell(instance, why);
      void machines.powerOff(instance, why).then(() => replace(instance, why));
    },
    change(next) {
      group = next;
      reconcile();
    },
    close() {
      open = false;
    },
  };
}

/** Four letters and digits, as Google puts after the base name. */
function suffixOf(seed: string): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz0123456789';
  let number = BigInt(`0x${hexId(seed, 12)}`);
  let suffix = '';
  for (let index = 0; index < 4; index++) {
    suffix += alphabet[Number(number % BigInt(alphabet.length))];
    number /= BigInt(alphabet.length);
  }
  return suffix;
}
