import * as v from 'valibot';
import { ofType } from '../../pulumi/reading.ts';
import type { RecordedResource } from '../../pulumi/resource.ts';
import type { AutoscalerModel, Group, InstanceTemplate } from '../model.ts';
import { type Place, zonesOf } from '../place.ts';
import { INERT } from './inert.ts';

const templateSchema = v.object({
  name: v.string(),
  selfLink: v.string(),
  machineType: v.string(),
  metadata: v.optional(v.record(v.string(), v.string()), {}),
  labels: v.optional(v.record(v.string(), v.string()), {}),
  serviceAccount: v.optional(v.object({ email: v.string(), scopes: v.array(v.string()) })),
  scheduling: v.optional(
    v.object({
      provisioningModel: v.optional(v.string(), 'STANDARD'),
      preemptible: v.optional(v.boolean(), false),
      onHostMaintenance: v.optional(v.picklist(['MIGRATE', 'TERMINATE'])),
    }),
    {},
  ),
});

/** What may stand in a value of metadata. */
const MOST_METADATA = 262_144;

const groupSchema = v.strictObject({
  ...INERT,
  name: v.string(),
  region: v.string(),
  baseInstanceName: v.string(),
  versions: v.pipe(v.array(v.strictObject({ instanceTemplate: v.string() })), v.length(1)),
  distributionPolicyZones: v.optional(v.array(v.string())),
  distributionPolicyTargetShape: v.optional(v.picklist(['EVEN', 'BALANCED'])),
  namedPorts: v.optional(v.array(v.strictObject({ name: v.string(), port: v.number() }))),
  updatePolicy: v.strictObject({
    type: v.literal('OPPORTUNISTIC', 'the twin replaces no machine of its own accord'),
    minimalAction: v.string(),
    instanceRedistributionType: v.literal('NONE', 'the twin moves no machine to another zone'),
    maxSurgeFixed: v.optional(v.number()),
    maxUnavailableFixed: v.optional(v.number()),
    replacementMethod: v.optional(v.string()),
  }),
  instanceLifecyclePolicy: v.optional(
    v.strictObject({
      defaultActionOnFailure: v.optional(v.picklist(['REPAIR', 'DO_NOTHING']), 'REPAIR'),
      onFailedHealthCheck: v.optional(v.string()),
      forceUpdateOnRepair: v.optional(v.string()),
    }),
    {},
  ),
  autoHealingPolicies: v.optional(v.undefined('the twin has no health checks')),
  listManagedInstancesResults: v.optional(v.picklist(['PAGELESS', 'PAGINATED']), 'PAGELESS'),
  targetSize: v.optional(v.number()),
  waitForInstances: v.optional(v.literal(false, 'the twin answers as soon as the group is there')),
  waitForInstancesStatus: v.optional(v.string()),
  instanceGroup: v.optional(v.string()),
});

const autoscalerSchema = v.strictObject({
  ...INERT,
  name: v.string(),
  region: v.string(),
  target: v.string(),
  autoscalingPolicy: v.strictObject({
    mode: v.optional(v.picklist(['ON', 'ONLY_SCALE_OUT', 'OFF']), 'ON'),
    minReplicas: v.number(),
    maxReplicas: v.number(),
    cooldownPeriod: v.optional(v.number(), 60),
    cpuUtilization: v.strictObject({
      target: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
      predictiveMethod: v.optional(v.literal('NONE')),
    }),
  }),
});

export function readGroups(resources: readonly RecordedResource[], place: Place): Group[] {
  const autoscalers = ofType(resources, ['gcp:compute/regionAutoscaler:RegionAutoscaler'], autoscalerSchema);
  const type = 'gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager';
  return ofType(resources, [type], groupSchema).map(({ id, is }): Group => {
    const scaled = autoscalers.find(({ is: { target } }) => target.endsWith(id));
    const [version] = is.versions;
    const autoscaler: AutoscalerModel | undefined = scaled && {
      name: scaled.is.name,
      min: scaled.is.autoscalingPolicy.minReplicas,
      max: scaled.is.autoscalingPolicy.maxReplicas,
      mode: scaled.is.autoscalingPolicy.mode,
      target: scaled.is.autoscalingPolicy.cpuUtilization.target,
      initializationMs: scaled.is.autoscalingPolicy.cooldownPeriod * 1000,
    };
    return {
      name: is.name,
      description: is.description ?? '',
      baseInstanceName: is.baseInstanceName,
      zones: is.distributionPolicyZones ?? zonesOf(place.region).slice(0, 3),
      targetSize: is.targetSize ?? 0,
      paginated: is.listManagedInstancesResults === 'PAGINATED',
      repairs: is.instanceLifecyclePolicy.defaultActionOnFailure === 'REPAIR',
      template: templateOf(version?.instanceTemplate ?? '', resources),
      ...(autoscaler === undefined ? {} : { autoscaler }),
    };
  });
}

function templateOf(link: string, resources: readonly RecordedResource[]): InstanceTemplate {
  const type = 'gcp:compute/regionInstanceTemplate:RegionInstanceTemplate';
  const found = ofType(resources, [type], templateSchema).find(({ is }) => is.selfLink === link);
  if (found === undefined)
    throw new Error(`the group names an instance template that does not exist: ${link}`);
  const { name, machineType, metadata, labels, serviceAccount, scheduling } = found.is;
  for (const [key, value] of Object.entries(metadata)) {
    const length = Buffer.byteLength(value);
    if (length > MOST_METADATA)
      throw new Error(`the metadata ${key} are ${length} bytes: Google takes ${MOST_METADATA}`);
  }
  const spot = scheduling.provisioningModel === 'SPOT' || scheduling.preemptible;
  return {
    name,
    machineType,
    metadata,
    labels,
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
    spot,
    onHostMaintenance: scheduling.onHostMaintenance ?? (spot ? 'TERMINATE' : 'MIGRATE'),
  };
}
