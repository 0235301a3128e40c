import * as v from 'valibot';
import { jsonOf } from '../bearer-http.ts';
import { type AzureClient, AzureError, type AzureRequest } from './client.ts';

const COMPUTE = '2024-03-01';
const AUTOSCALE = '2022-10-01';

const instanceSchema = v.object({
  name: v.string(),
  instanceId: v.string(),
  location: v.string(),
  zones: v.optional(v.array(v.string()), []),
  properties: v.object({
    vmId: v.optional(v.string(), ''),
    provisioningState: v.string(),
    instanceView: v.optional(
      v.object({ statuses: v.optional(v.array(v.object({ code: v.optional(v.string(), '') })), []) }),
    ),
  }),
});
const pageSchema = v.object({ value: v.array(instanceSchema), nextLink: v.optional(v.string()) });
const setSchema = v.object({
  sku: v.object({ capacity: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
  etag: v.pipe(v.string(), v.minLength(1)),
});
const autoscaleSchema = v.looseObject({
  properties: v.looseObject({ enabled: v.optional(v.boolean(), true) }),
});
type Autoscale = v.InferOutput<typeof autoscaleSchema>;

export interface ScaleSetInstance {
  /** `NAME_3`: what the node calls itself. */
  node: string;
  /** By which the set knows it. */
  instanceId: string;
  /** Azure's own id of this one machine. */
  machine: string;
  zone: string;
  /** In Azure's words, for people. */
  state: string;
  deleting: boolean;
  /** Nothing runs on it. */
  stopped: boolean;
}

export interface ScaleSetPlace {
  subscriptionId: string;
  resourceGroup: string;
  /** The scale set's name, and its autoscale setting's. */
  group: string;
  autoscale: string;
}

/** A scale set, with its operator's hands. Rejects with `AzureError`. */
export interface ScaleSet {
  /** undefined only where Azure says that there is no such set. */
  instances(signal?: AbortSignal): Promise<ScaleSetInstance[] | undefined>;
  /** Whether Azure makes new instances by itself. */
  grows(signal?: AbortSignal): Promise<boolean>;
  stopGrowing(signal?: AbortSignal): Promise<void>;
  /**
   * Has it make one more, where it has less than `most`; false where it has not. By what it is at that moment: whatever
   * else changes its capacity meanwhile is not undone.
   */
  grow(most: number, signal?: AbortSignal): Promise<boolean>;
  /** Begins it: that the instance is gone is seen in the list. */
  delete(instance: ScaleSetInstance, signal?: AbortSignal): Promise<void>;
}

export function createScaleSet(client: AzureClient, place: ScaleSetPlace): ScaleSet {
  const group = `/subscriptions/${place.subscriptionId}/resourceGroups/${encodeURIComponent(place.resourceGroup)}/providers`;
  const set = `${group}/Microsoft.Compute/virtualMachineScaleSets/${encodeURIComponent(place.group)}`;
  const autoscale = `${group}/Microsoft.Insights/autoscaleSettings/${encodeURIComponent(place.autoscale)}`;

  async function ask<Output>(
    request: Omit<AzureRequest, 'method'>,
    schema: v.GenericSchema<unknown, Output>,
  ): Promise<Output> {
    const answer = await client.send({ method: 'GET', ...request });
    const parsed = jsonOf(answer, schema);
    if (parsed !== undefined) return parsed;
    throw new AzureError(`GET ${request.path}: the answer makes no sense`, 'malformed', answer.status);
  }

  async function readAutoscale(signal?: AbortSignal): Promise<Autoscale | undefined> {
    return orAbsent(ask({ path: autoscale, query: { 'api-version': AUTOSCALE }, signal }, autoscaleSchema));
  }

  async function list(signal?: AbortSignal): Promise<ScaleSetInstance[]> {
    const found: ScaleSetInstance[] = [];
    const query = { 'api-version': COMPUTE, $expand: 'instanceView' };
    let page = await ask({ path: `${set}/virtualMachines`, query, signal }, pageSchema);
    while (true) {
      found.push(...page.value.map(seen));
      if (page.nextLink === undefined || page.nextLink === '') return found;
      page = await ask({ path: page.nextLink, signal }, pageSchema);
    }
  }

  return {
    instances: (signal) => orAbsent(list(signal)),
    async grows(signal) {
      // Without a setting, it keeps its size.
      return (await readAutoscale(signal))?.properties.enabled ?? false;
    },
    async stopGrowing(signal) {
      const found = await readAutoscale(signal);
      if (found === undefined) return;
      // What Azure alone says of it must not be said to Azure.
      const { id: _id, name: _name, type: _type, systemData: _system, ...said } = found;
      const body = JSON.stringify({ ...said, properties: { ...found.properties, enabled: false } });
      await client.send({
        method: 'PUT',
        path: autoscale,
        query: { 'api-version': AUTOSCALE },
        body,
        signal,
      });
    },
    async grow(most, signal) {
      for (let attempt = 1; ; attempt += 1) {
        const query = { 'api-version': COMPUTE };
        const { sku, etag } = await ask({ path: set, query, signal }, setSchema);
        if (sku.capacity >= most) return false;
        const body = JSON.stringify({ sku: { capacity: sku.capacity + 1 } });
        try {
          await client.send({
            method: 'PATCH',
            path: set,
            query,
            headers: { 'if-match': etag },
            body,
            signal,
          });
          return true;
        } catch (cause) {
          // Another has changed it meanwhile, its growth say: over that must not be written.
          if (!isOvertaken(cause) || attempt === GROW_ATTEMPTS) throw cause;
        }
      }
    },
    async delete({ instanceId }, signal) {
      const path = `${set}/virtualMachines/${encodeURIComponent(instanceId)}`;
      const query = { 'api-version': COMPUTE };
      await orAbsent(client.send({ method: 'DELETE', path, query, signal }));
    },
  };
}

const GROW_ATTEMPTS = 5;

function isOvertaken(cause: unknown): boolean {
  return cause instanceof AzureError && cause.status === 412;
}

const NOT_THERE: ReadonlySet<string> = new Set(['ResourceNotFound', 'ResourceGroupNotFound', 'NotFound']);

/** Another 404, of a subscription that is not there, say, tells nothing of the thing. */
async function orAbsent<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (cause) {
    if (cause instanceof AzureError && cause.status === 404 && NOT_THERE.has(cause.reason)) return undefined;
    throw cause;
  }
}

function seen({
  name,
  instanceId,
  location,
  zones,
  properties,
}: v.InferOutput<typeof instanceSchema>): ScaleSetInstance {
  const codes = (properties.instanceView?.statuses ?? []).map(({ code }) => code);
  const power = codes.find((code) => code.startsWith('PowerState/'))?.slice('PowerState/'.length);
  return {
    node: name,
    instanceId,
    machine: properties.vmId.toLowerCase(),
    zone: zones[0] ?? location,
    state: [properties.provisioningState, ...(power === undefined ? [] : [power])].join(', '),
    deleting: properties.provisioningState === 'Deleting',
    stopped: power === 'stopped' || power === 'deallocated',
  };
}
