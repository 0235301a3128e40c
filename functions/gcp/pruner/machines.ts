import { DECISION_LABEL, PROTECTED_LABEL } from '../../../fleet/gcp/compute.ts';
import type { Instance, InstanceGroupState, ManagedInstance } from '../../../fleet/gcp/compute-schemas.ts';
import type { Place, PoolMachine } from '../../level-triggered/world.ts';

export interface PrunedMachine extends PoolMachine {
  instance: Instance;
}

/** A restart is over sooner. */
const STOPPED_FOR_MS = 300_000;

/**
 * The pool's machines. `instances` must have been read before `managed`: the group knows a machine before it exists, so
 * that whoever is here and not there is outside, and not new.
 */
export function machinesOf(
  instances: readonly Instance[],
  managed: readonly ManagedInstance[],
  { baseInstanceName }: InstanceGroupState,
  now: number,
): PrunedMachine[] {
  const members = new Map(
    managed.map((member) => [`${member.instance.zone}/${member.instance.name}`, member]),
  );
  return instances
    .filter(({ name }) => name.startsWith(`${baseInstanceName}-`))
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
      return now - stoppedAt >= STOPPED_FOR_MS ? 'stopped' : 'ending';
    }
    default:
      return 'outside';
  }
}
