import * as v from 'valibot';
import type { Path } from '../../cloud/api-request.ts';
import { QUOTA, SIZES, ZONES } from '../sizes.ts';
import { json, type Method, method } from './arm-method.ts';

/** What a subscription has in a region. */
const PROVIDER = '/subscriptions/{subscriptionId}/providers/Microsoft.Compute';
const subscriptionOf = ({ subscriptionId }: Path) => `/subscriptions/${subscriptionId}`;

const FILTER = /^location eq '([a-z0-9]+)'$/;
const skusSchema = v.strictObject({
  $filter: v.pipe(v.string(), v.regex(FILTER, 'the twin lists the sizes of one region')),
});

export interface MachinesThere {
  size: string;
  count: number;
}

/** A scale set, as the list of a whole subscription shows it. */
export interface SetThere {
  id: string;
  name: string;
  location: string;
  tags: Record<string, string>;
}

export interface RegionOptions {
  machines(): readonly MachinesThere[];
  sets(): readonly SetThere[];
  location(): string;
}

/** The region's sizes, how many processors are in use, and the scale sets of all resource groups. */
export function createRegion({ machines, sets, location }: RegionOptions): Method[] {
  return [
    method(
      {
        id: 'VirtualMachineScaleSets_ListAll',
        http: 'GET',
        path: `${PROVIDER}/virtualMachineScaleSets`,
        version: '2024-03-01',
        action: 'Microsoft.Compute/virtualMachineScaleSets/read',
        scope: subscriptionOf,
      },
      () =>
        json(200, {
          value: sets().map((set) => ({ ...set, type: 'Microsoft.Compute/virtualMachineScaleSets' })),
        }),
    ),
    method(
      {
        id: 'ResourceSkus_List',
        http: 'GET',
        path: `${PROVIDER}/skus`,
        version: '2021-07-01',
        action: 'Microsoft.Compute/skus/read',
        scope: subscriptionOf,
        query: skusSchema,
      },
      ({ query }) => {
        const isHere = FILTER.exec(query.$filter)?.[1] === location();
        return json(200, { value: isHere ? SIZES.map((size) => skuView(size, location())) : [] });
      },
    ),
    method(
      {
        id: 'Usage_List',
        http: 'GET',
        path: `${PROVIDER}/locations/{location}/usages`,
        version: '2024-03-01',
        action: 'Microsoft.Compute/locations/usages/read',
        scope: subscriptionOf,
      },
      () => json(200, { value: usages(machines()) }),
    ),
  ];
}

function skuView({ name, family, cpus, acceleratedNetworking }: (typeof SIZES)[number], location: string) {
  return {
    resourceType: 'virtualMachines',
    name,
    tier: 'Standard',
    family,
    locations: [location],
    locationInfo: [{ location, zones: ZONES, zoneDetails: [] }],
    capabilities: [
      { name: 'vCPUs', value: String(cpus) },
      { name: 'AcceleratedNetworkingEnabled', value: acceleratedNetworking ? 'True' : 'False' },
    ],
    restrictions: [],
  };
}

function usages(there: readonly MachinesThere[]) {
  const inUse = new Map<string, number>(SIZES.map(({ family }) => [family, 0]));
  for (const { size: wanted, count } of there) {
    const size = SIZES.find(({ name }) => name === wanted);
    if (size !== undefined) inUse.set(size.family, (inUse.get(size.family) ?? 0) + size.cpus * count);
  }
  const all = [...inUse.values()].reduce((sum, each) => sum + each, 0);
  return [
    usageView('cores', 'Total Regional vCPUs', all, QUOTA.all),
    ...[...inUse].map(([family, used]) => usageView(family, family, used, QUOTA.family)),
  ];
}

function usageView(value: string, localizedValue: string, currentValue: number, limit: number) {
  return { name: { value, localizedValue }, unit: 'Count', currentValue, limit };
}
