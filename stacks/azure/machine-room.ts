import * as v from 'valibot';
import type { AzureClient } from '../../fleet/azure/client.ts';
import { listAll } from '../../fleet/azure/list-all.ts';

/** What a region says of one size of machines. */
export interface MachineSize {
  /** In whose quota it counts. */
  family: string;
  cpus: number;
  /** Where this subscription can have it; empty in a region without zones. */
  zones: string[];
  /** In Azure's word, why this subscription cannot have it at all. */
  refused: string | undefined;
  acceleratedNetworking: boolean;
}

/** How many processors are in use, and may be. */
export interface Quota {
  used: number;
  limit: number;
}

export interface MachineRoom {
  /** undefined: the region does not have it. */
  size: MachineSize | undefined;
  /** Of all sizes together, and of its own family; undefined where Azure tells none. */
  quotas: { what: string; quota: Quota }[];
}

const skuSchema = v.object({
  resourceType: v.string(),
  name: v.string(),
  family: v.optional(v.string(), ''),
  locationInfo: v.optional(v.array(v.object({ zones: v.optional(v.array(v.string()), []) })), []),
  restrictions: v.optional(
    v.array(
      v.object({
        type: v.optional(v.string(), ''),
        reasonCode: v.optional(v.string(), ''),
        restrictionInfo: v.optional(v.object({ zones: v.optional(v.array(v.string()), []) }), {}),
      }),
    ),
    [],
  ),
  capabilities: v.optional(v.array(v.object({ name: v.string(), value: v.string() })), []),
});
const usageSchema = v.object({
  name: v.object({ value: v.string() }),
  currentValue: v.number(),
  limit: v.number(),
});

export interface WantedMachines {
  subscriptionId: string;
  location: string;
  machineType: string;
}

/** Rejects where it cannot be known. */
export async function readMachineRoom(client: AzureClient, wanted: WantedMachines): Promise<MachineRoom> {
  const { subscriptionId, location, machineType } = wanted;
  const compute = `/subscriptions/${subscriptionId}/providers/Microsoft.Compute`;
  const [skus, usages] = await Promise.all([
    listAll(
      client,
      `${compute}/skus`,
      { 'api-version': '2021-07-01', $filter: `location eq '${location}'` },
      skuSchema,
    ),
    listAll(client, `${compute}/locations/${location}/usages`, { 'api-version': '2024-03-01' }, usageSchema),
  ]);
  const sku = skus.find(
    ({ resourceType, name }) => resourceType === 'virtualMachines' && name === machineType,
  );
  if (sku === undefined) return { size: undefined, quotas: [] };
  const quotas = ['cores', sku.family].flatMap((what) => {
    const usage = usages.find(({ name }) => name.value.toLowerCase() === what.toLowerCase());
    return usage === undefined ? [] : [{ what, quota: { used: usage.currentValue, limit: usage.limit } }];
  });
  return { size: sizeOf(sku), quotas };
}

function sizeOf(sku: v.InferOutput<typeof skuSchema>): MachineSize {
  const { family, locationInfo, restrictions, capabilities } = sku;
  const capability = (name: string) => capabilities.find((each) => each.name === name)?.value;
  const without = restrictions
    .filter(({ type }) => type === 'Zone')
    .flatMap(({ restrictionInfo }) => restrictionInfo.zones);
  return {
    family,
    cpus: Number(capability('vCPUs') ?? 0),
    zones: locationInfo
      .flatMap(({ zones }) => zones)
      .filter((zone) => !without.includes(zone))
      .sort(),
    refused: restrictions.find(({ type }) => type === 'Location')?.reasonCode,
    acceleratedNetworking: capability('AcceleratedNetworkingEnabled') !== 'False',
  };
}
