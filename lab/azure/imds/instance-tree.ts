import type { Instance } from '../compute/instance.ts';
import { groupOf } from '../ids.ts';
import type { AzureModel } from '../model.ts';

/** What a machine is told of itself: text at the leaves. */
export type Told = string | readonly Told[] | { readonly [name: string]: Told };

/** Every machine of the lab is this machine: they differ by their ports. */
export const PRIVATE_IP = '127.0.0.1';

export function instanceTree(
  instance: Instance,
  { subscription, location, tenant: _tenant }: AzureModel,
): Told {
  const { name, vmId, zone, set, tags } = instance;
  const tagsList = Object.entries(tags).map(([key, value]) => ({ name: key, value }));
  return {
    compute: {
      azEnvironment: 'AzurePublicCloud',
      location,
      name,
      osType: 'Linux',
      provider: 'Microsoft.Compute',
      resourceGroupName: groupOf(set.id),
      resourceId: `${set.id}/virtualMachines/${instance.id}`,
      subscriptionId: subscription,
      tags: tagsList.map((tag) => `${tag.name}:${tag.value}`).join(';'),
      tagsList,
      // Custom data is told in no version that the twin has; user data is.
      userData: set.userData ?? '',
      virtualMachineScaleSet: { id: set.id },
      vmId,
      vmScaleSetName: set.name,
      vmSize: set.vmSize,
      zone,
    },
    network: {
      interface: [
        {
          ipv4: {
            ipAddress: [{ privateIpAddress: PRIVATE_IP, publicIpAddress: '' }],
            subnet: [{ address: '10.0.0.0', prefix: '24' }],
          },
          ipv6: { ipAddress: [] },
          macAddress: '000D3A000000',
        },
      ],
    },
  };
}

/** Undefined where there is nothing under that path. */
export function find(tree: Told, path: readonly string[]): Told | undefined {
  let place: Told | undefined = tree;
  for (const step of path) {
    if (place === undefined || typeof place === 'string') return undefined;
    place = Object.hasOwn(place, step) ? (Reflect.get(place, step) as Told | undefined) : undefined;
  }
  return place;
}
