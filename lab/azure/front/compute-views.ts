import { isoDuration } from '../../../stacks/iso-duration.ts';
import { hexId } from '../../cloud/identifiers.ts';
import type { Instance, PowerState } from '../compute/instance.ts';
import type { Operation } from '../compute/operations.ts';
import type { RunningScaleSet } from '../compute/scale-set.ts';
import type { ScaleSet } from '../model.ts';
import { TENANT } from '../place.ts';

export function instanceView(instance: Instance, expanded: boolean): object {
  const { id, name, set, zone, tags, vmId, provisioning, protection } = instance;
  return {
    name,
    id: `${set.id}/virtualMachines/${id}`,
    type: 'Microsoft.Compute/virtualMachineScaleSets/virtualMachines',
    location: set.location,
    tags,
    instanceId: id,
    sku: { name: set.vmSize, tier: 'Standard' },
    ...(zone === '' ? {} : { zones: [zone] }),
    etag: etagOf(instance),
    properties: {
      latestModelApplied: true,
      vmId,
      provisioningState: provisioning,
      timeCreated: timeOf(instance.createdAt),
      ...(protection === undefined ? {} : { protectionPolicy: protection }),
      ...(expanded ? { instanceView: statusesOf(instance) } : {}),
    },
  };
}

export function etagOf({ vmId, version }: Instance): string {
  return `"${hexId(`${vmId} ${version}`, 16)}"`;
}

export function etagOfSet({ set, capacity, members }: RunningScaleSet): string {
  const instances = members().map(({ vmId }) => vmId);
  return `"${hexId([set.id, capacity(), ...instances].join(' '), 16)}"`;
}

/** As Azure writes times: with seven digits and an offset. */
function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '0000+00:00');
}

function statusesOf({ provisioning, power }: Instance): object {
  return {
    statuses: [
      {
        code: `ProvisioningState/${provisioning.toLowerCase()}`,
        level: 'Info',
        displayStatus: provisioning,
      },
      { code: `PowerState/${power}`, level: 'Info', displayStatus: DISPLAYED[power] },
    ],
  };
}

const DISPLAYED: Record<PowerState, string> = {
  starting: 'VM starting',
  running: 'VM running',
  stopped: 'VM stopped',
  deallocated: 'VM deallocated',
};

export function setView(running: RunningScaleSet): object {
  const { set } = running;
  return {
    name: set.name,
    id: set.id,
    type: 'Microsoft.Compute/virtualMachineScaleSets',
    location: set.location,
    tags: set.tags,
    zones: set.zones,
    etag: etagOfSet(running),
    sku: { name: set.vmSize, tier: 'Standard', capacity: running.capacity() },
    ...identityOf(set),
    properties: {
      provisioningState: 'Succeeded',
      overprovision: false,
      singlePlacementGroup: false,
      upgradePolicy: { mode: 'Manual' },
      orchestrationMode: 'Uniform',
      virtualMachineProfile: profileOf(set),
    },
  };
}

/** Azure's own name of what a set's machines may be, without any where they may be nobody. */
function identityOf({ identities }: ScaleSet): object {
  const own = identities.find(({ id }) => id === undefined);
  const assigned = identities.flatMap(({ id, ...who }) => (id === undefined ? [] : [[id, who]]));
  const types = [...(own ? ['SystemAssigned'] : []), ...(assigned.length > 0 ? ['UserAssigned'] : [])];
  if (types.length === 0) return {};
  return {
    identity: {
      type: types.join(', '),
      ...(own ? { principalId: own.principalId, tenantId: TENANT } : {}),
      ...(assigned.length > 0 ? { userAssignedIdentities: Object.fromEntries(assigned) } : {}),
    },
  };
}

function profileOf({ spot, terminateNoticeMs }: ScaleSet): object {
  return {
    priority: spot ? 'Spot' : 'Regular',
    ...(spot ? { evictionPolicy: 'Delete' } : {}),
    ...(terminateNoticeMs === undefined
      ? {}
      : {
          scheduledEventsProfile: {
            terminateNotificationProfile: { enable: true, notBeforeTimeout: isoDuration(terminateNoticeMs) },
          },
        }),
  };
}

export function operationView({ id, status, startedAt, endedAt, error }: Operation): object {
  return {
    startTime: timeOf(startedAt),
    ...(endedAt === undefined ? {} : { endTime: timeOf(endedAt) }),
    status,
    ...(error === undefined ? {} : { error }),
    name: id,
  };
}
