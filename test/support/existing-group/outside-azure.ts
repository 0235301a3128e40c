import type { Place } from '../../../lab/azure/place.ts';
import { creatorOf } from '../../../lab/azure/resource-types.ts';
import type { Inputs, RecordedResource } from '../../../lab/pulumi/resource.ts';

export const THEIR_SET = 'their-media';
export const THEIR_RESOURCE_GROUP = 'theirs';

/** Custom data of machines that know nothing of Ebbtide. */
const PLAIN = '#cloud-config\nruncmd:\n  - [/bin/bash, -c, "true"]\n';

/** A scale set as somebody else made it: with what it needs, in a subscription in which Ebbtide has not been. */
export function theirSet(place: Place): RecordedResource[] {
  const made = (type: string, inputs: Inputs): RecordedResource => {
    const create = creatorOf(type);
    if (create === undefined) throw new Error(`the twin Azure does not know ${type}`);
    const whole = { resourceGroupName: THEIR_RESOURCE_GROUP, location: place.location, ...inputs };
    const { id, outputs } = create(whole, `outside ${type}::their-media`, place);
    return { type, name: 'their-media', id, inputs: whole, outputs: { ...whole, ...outputs } };
  };
  const identity = made('azure-native:managedidentity:UserAssignedIdentity', { resourceName: 'their-nodes' });
  const set = made('azure-native:compute:VirtualMachineScaleSet', {
    vmScaleSetName: THEIR_SET,
    orchestrationMode: 'Uniform',
    sku: { name: 'Standard_D4s_v5', capacity: 1 },
    zones: ['1', '2', '3'],
    overprovision: false,
    upgradePolicy: { mode: 'Manual' },
    identity: { type: 'UserAssigned', userAssignedIdentities: [identity.id] },
    virtualMachineProfile: {
      osProfile: { computerNamePrefix: 'media', customData: Buffer.from(PLAIN).toString('base64') },
      scheduledEventsProfile: {
        terminateNotificationProfile: { enable: true, notBeforeTimeout: 'PT5M' },
      },
    },
  });
  const autoscale = made('azure-native:monitor:AutoscaleSetting', {
    autoscaleSettingName: 'their-growth',
    targetResourceUri: set.id,
    enabled: true,
    profiles: [{ name: 'all', capacity: { minimum: '1', maximum: '8', default: '1' }, rules: [] }],
  });
  return [identity, set, autoscale];
}
