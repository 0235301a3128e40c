import type { Place, PoolMachine } from '../pool-machine.ts';
import { PROTECTED_KEY, saysProtected } from '../protection.ts';
import { type Compute, DECISION_LABEL, type ListedInstance } from './compute.ts';
import type { Instance, InstanceGroupState, ManagedInstance } from './compute-schemas.ts';

export interface GcpMachine extends PoolMachine {
  instance: ListedInstance;
}

export interface GcpPool {
  /** undefined only where Google said that there is no such group. */
  group: InstanceGroupState | undefined;
  machines: GcpMachine[];
  /** Whether every member of the group of which there is a machine is among `machines`. */
  showsEveryMember: boolean;
}

/** The whole pool, in its group or not. Rejects where it could not be read, or not to its end. */
export async function readPool(compute: Compute, signal?: AbortSignal): Promise<GcpPool> {
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
  const machines = machinesOf(instances, managed, baseName);
  const shown = new Set(machines.map(({ zone, node }) => `${zone}/${node}`));
  const showsEveryMember = managed.every((member) => !exists(member) || shown.has(keyOf(member)));
  return { group, machines, showsEveryMember };
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

/** The group names a machine before there is one, and for as long as Google cannot make it. */
function exists({ id, instanceStatus }: ManagedInstance): boolean {
  return Boolean(id) || Boolean(instanceStatus);
}

function keyOf({ instance: { zone, name } }: ManagedInstance): string {
  return `${zone}/${name}`;
}

function isShort(members: Members): boolean {
  return members.managed.length < memberCount(members);
}

/** A restart is over sooner. */
const STOPPED_FOR_MS = 300_000;

function machinesOf(
  instances: readonly ListedInstance[],
  managed: readonly ManagedInstance[],
  baseName: string,
): GcpMachine[] {
  const members = new Map(managed.map((member) => [keyOf(member), member]));
  return instances
    .filter(({ name }) => name.startsWith(`${baseName}-`))
    .map((instance) => {
      const { name, id, zone, status, labels, creationTimestamp, listedAt } = instance;
      const member = members.get(`${zone}/${name}`);
      return {
        node: name,
        machine: id,
        zone,
        place: member === undefined ? placeOutside(instance) : placeInside(member, instance),
        state: member === undefined ? status : inWords(member.currentAction, status),
        protected: saysProtected(labels[PROTECTED_KEY]),
        mark: labels[DECISION_LABEL],
        ageMs: listedAt - Date.parse(creationTimestamp ?? ''),
        instance,
      };
    });
}

/** With most of its machines a group does nothing at all, which is not worth a word. */
function inWords(action: string, status: string): string {
  return action === 'NONE' ? status : `${action}, ${status}`;
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

function placeOutside({ status, lastStopTimestamp, listedAt }: ListedInstance): Place {
  switch (status) {
    case 'STOPPING':
    case 'PENDING_STOP':
    case 'DEPROVISIONING':
      return 'ending';
    case 'TERMINATED':
    case 'STOPPED': {
      // Both by Google's clock: that of an operator may be any.
      const stoppedForMs = listedAt - Date.parse(lastStopTimestamp ?? '');
      if (Number.isNaN(stoppedForMs)) return 'stopped-unknown-since';
      return stoppedForMs >= STOPPED_FOR_MS ? 'stopped' : 'paused';
    }
    default:
      return 'outside';
  }
}
