import type { Place, PoolMachine } from '../pool-machine.ts';
import { type Compute, DECISION_LABEL, PROTECTED_LABEL } from './compute.ts';
import type { Instance, InstanceGroupState, ManagedInstance } from './compute-schemas.ts';

export interface GcpMachine extends PoolMachine {
  instance: Instance;
}

export interface GcpPool {
  /** undefined only where Google said that there is no such group. */
  group: InstanceGroupState | undefined;
  machines: GcpMachine[];
}

/** The whole pool, in its group or not. Rejects where it could not be read, or not to its end. */
export async function readPool(compute: Compute, now: number, signal?: AbortSignal): Promise<GcpPool> {
  // Instances first: the group knows a machine before it exists, so that whoever is here and not there is outside, not new.
  const instances = await compute.listInstances(signal);
  const first = await readMembers(compute, signal);
  // One may have left between the two: a list that is shorter than the group itself says is looked at once more.
  const members = isShort(first) ? await readMembers(compute, signal) : first;
  if (isShort(members)) {
    const { length } = members.managed;
    throw new Error(`the group has ${memberCount(members)} machines, and lists ${length}`);
  }
  const { group, managed, baseName } = members;
  return { group, machines: machinesOf(instances, managed, baseName, now) };
}

interface Members {
  group: InstanceGroupState | undefined;
  managed: ManagedInstance[];
  baseName: string;
}

async function readMembers(compute: Compute, signal?: AbortSignal): Promise<Members> {
  const group = await compute.readGroup(signal);
  if (group === undefined) return { group, managed: [], baseName: compute.groupName };
  return { group, managed: await compute.listManaged(signal), baseName: group.baseInstanceName };
}

function memberCount({ group }: Members): number {
  return Object.values(group?.currentActions ?? {}).reduce((sum, count) => sum + count, 0);
}

function isShort(members: Members): boolean {
  return members.managed.length < memberCount(members);
}

/** A restart is over sooner. */
const STOPPED_FOR_MS = 300_000;

function machinesOf(
  instances: readonly Instance[],
  managed: readonly ManagedInstance[],
  baseName: string,
  now: number,
): GcpMachine[] {
  const members = new Map(
    managed.map((member) => [`${member.instance.zone}/${member.instance.name}`, member]),
  );
  return instances
    .filter(({ name }) => name.startsWith(`${baseName}-`))
    .map((instance) => {
      const { name, id, zone, status, labels } = instance;
      const member = members.get(`${zone}/${name}`);
      return {
        node: name,
        machine: id,
        zone,
        place: member === undefined ? placeOutside(instance, now) : placeInside(member, instance),
        state: member === undefined ? status : `${member.currentAction}, ${status}`,
        protected: labels[PROTECTED_LABEL] === 'true',
        mark: labels[DECISION_LABEL],
        instance,
      };
    });
}

function placeInside({ id, currentAction }: ManagedInstance, instance: Instance): Place {
  // Under its name there is another one by now.
  if (id !== undefined && id !== instance.id) return 'ending';
  switch (currentAction) {
    case 'NONE':
      return instance.status === 'RUNNING' ? 'in-group' : 'unsettled';
    case 'ABANDONING':
      return 'leaving-group';
    case 'DELETING':
    case 'RECREATING':
      return 'ending';
    default:
      return 'unsettled';
  }
}

function placeOutside({ status, lastStopTimestamp }: Instance, now: number): Place {
  switch (status) {
    case 'STOPPING':
    case 'PENDING_STOP':
    case 'DEPROVISIONING':
      return 'ending';
    case 'TERMINATED':
    case 'STOPPED': {
      const stoppedAt = Date.parse(lastStopTimestamp ?? '');
      return now - stoppedAt >= STOPPED_FOR_MS ? 'stopped' : 'paused';
    }
    default:
      return 'outside';
  }
}
