import * as v from 'valibot';
import { jsonOf } from '../bearer-http.ts';
import { type AzureClient, AzureError } from './client.ts';
import { listAll } from './list-all.ts';

/** What a scale set is, and who makes it grow and shrink: as far as a pool depends on it. */
export interface DescribedSet {
  name: string;
  location: string;
  tags: Record<string, string>;
  orchestration: string;
  upgrades: string;
  /** A newer image of the operating system is put onto machines that run. */
  upgradesImages: boolean;
  overprovisions: boolean;
  repairs: boolean;
  priority: string;
  evictionPolicy: string;
  /** Machines are told before they are deleted. */
  isTold: boolean;
  /** By which its machines may be somebody. */
  identities: { id: string; principalId: string }[];
  /** undefined where nothing scales it by itself. */
  autoscale: DescribedAutoscale | undefined;
  /** Of the whole subscription. Who may look at its resource group alone does not see one that lies in another. */
  seesEveryAutoscale: boolean;
}

export interface DescribedAutoscale {
  name: string;
  enabled: boolean;
  profiles: { name: string; maximum: number; shrinks: boolean }[];
}

const COMPUTE = '2024-03-01';
const AUTOSCALE = '2022-10-01';

const flag = v.optional(v.nullable(v.boolean()));
const setSchema = v.object({
  name: v.string(),
  location: v.string(),
  tags: v.optional(v.nullable(v.record(v.string(), v.string()))),
  identity: v.optional(
    v.nullable(
      v.object({
        userAssignedIdentities: v.optional(
          v.nullable(v.record(v.string(), v.object({ principalId: v.optional(v.string(), '') }))),
        ),
      }),
    ),
  ),
  properties: v.object({
    // Left out, it is a set of one model, as all were once.
    orchestrationMode: v.optional(v.string(), 'Uniform'),
    upgradePolicy: v.optional(
      v.object({
        mode: v.optional(v.string()),
        automaticOSUpgradePolicy: v.optional(v.nullable(v.object({ enableAutomaticOSUpgrade: flag }))),
      }),
    ),
    // Left out, Azure overprovisions.
    overprovision: v.optional(v.boolean(), true),
    automaticRepairsPolicy: v.optional(v.nullable(v.object({ enabled: flag }))),
    virtualMachineProfile: v.optional(
      v.object({
        priority: v.optional(v.string(), 'Regular'),
        evictionPolicy: v.optional(v.string(), ''),
        scheduledEventsProfile: v.optional(
          v.nullable(
            v.object({ terminateNotificationProfile: v.optional(v.nullable(v.object({ enable: flag }))) }),
          ),
        ),
      }),
    ),
  }),
});

const autoscaleSchema = v.object({
  name: v.string(),
  properties: v.object({
    enabled: v.optional(v.boolean(), true),
    targetResourceUri: v.optional(v.nullable(v.string())),
    profiles: v.array(
      v.object({
        name: v.string(),
        capacity: v.object({ maximum: v.pipe(v.string(), v.digits(), v.transform(Number)) }),
        rules: v.optional(v.array(v.object({ scaleAction: v.object({ direction: v.string() }) })), []),
      }),
    ),
  }),
});

export interface SetPlace {
  subscriptionId: string;
  resourceGroup: string;
  scaleSet: string;
}

/** Undefined where Azure says that there is no such set. Rejects where it, or what scales it, cannot be read. */
export async function describeSet(
  client: AzureClient,
  { subscriptionId, resourceGroup, scaleSet }: SetPlace,
): Promise<DescribedSet | undefined> {
  const group = `/subscriptions/${subscriptionId}/resourceGroups/${encodeURIComponent(resourceGroup)}`;
  const path = `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/${encodeURIComponent(scaleSet)}`;
  const found = await readSet(client, path);
  if (found === undefined) return undefined;
  const { properties, identity } = found;
  const { virtualMachineProfile: machines } = properties;
  return {
    name: found.name,
    location: found.location.toLowerCase().replaceAll(' ', ''),
    tags: found.tags ?? {},
    orchestration: properties.orchestrationMode,
    upgrades: properties.upgradePolicy?.mode ?? 'unknown',
    upgradesImages: properties.upgradePolicy?.automaticOSUpgradePolicy?.enableAutomaticOSUpgrade === true,
    overprovisions: properties.overprovision,
    repairs: properties.automaticRepairsPolicy?.enabled === true,
    priority: machines?.priority ?? 'Regular',
    // Left out, Azure deallocates.
    evictionPolicy: machines?.evictionPolicy || 'Deallocate',
    isTold: machines?.scheduledEventsProfile?.terminateNotificationProfile?.enable === true,
    identities: Object.entries(identity?.userAssignedIdentities ?? {}).map(([id, { principalId }]) => ({
      id,
      principalId,
    })),
    ...(await readAutoscale(client, { subscription: `/subscriptions/${subscriptionId}`, group, set: path })),
  };
}

async function readSet(client: AzureClient, path: string) {
  try {
    const answer = await client.send({ method: 'GET', path, query: { 'api-version': COMPUTE } });
    const parsed = jsonOf(answer, setSchema);
    if (parsed !== undefined) return parsed;
    throw new AzureError(`GET ${path}: the answer makes no sense`, 'malformed', answer.status);
  } catch (cause) {
    const isAbsent = cause instanceof AzureError && cause.status === 404;
    if (isAbsent && ['ResourceNotFound', 'ResourceGroupNotFound', 'NotFound'].includes(cause.reason))
      return undefined;
    throw cause;
  }
}

/** A set has one at most, of any name, in any resource group: one that is overlooked might delete machines. */
async function readAutoscale(
  client: AzureClient,
  { subscription, group, set }: { subscription: string; group: string; set: string },
): Promise<Pick<DescribedSet, 'autoscale' | 'seesEveryAutoscale'>> {
  const listIn = (scope: string) =>
    listAll(
      client,
      `${scope}/providers/Microsoft.Insights/autoscalesettings`,
      { 'api-version': AUTOSCALE },
      autoscaleSchema,
    );
  const everywhere = await listIn(subscription).catch((cause: unknown) => {
    if (cause instanceof AzureError && cause.status === FORBIDDEN) return undefined;
    throw cause;
  });
  const all = everywhere ?? (await listIn(group));
  const found = all.find(
    ({ properties }) => properties.targetResourceUri?.toLowerCase() === set.toLowerCase(),
  );
  return { autoscale: found && describedAutoscale(found), seesEveryAutoscale: everywhere !== undefined };
}

const FORBIDDEN = 403;

function describedAutoscale({
  name,
  properties: { enabled, profiles },
}: v.InferOutput<typeof autoscaleSchema>): DescribedAutoscale {
  return {
    name,
    enabled,
    profiles: profiles.map(({ name, capacity, rules }) => ({
      name,
      maximum: capacity.maximum,
      shrinks: rules.some(({ scaleAction }) => scaleAction.direction !== 'Increase'),
    })),
  };
}
