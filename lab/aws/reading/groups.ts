import { gunzipSync } from 'node:zlib';
import * as v from 'valibot';
import type { RecordedResource } from '../../pulumi/resource.ts';
import type { ExistingNetwork } from '../data-sources.ts';
import type { Place } from '../identifiers.ts';
import type { Hook } from '../lifecycle.ts';
import type { Group, LaunchTemplate, Tracking } from '../model.ts';
import { defaultServiceLinkedRole, roleOfProfile } from './identity.ts';
import { INERT, ofType } from './resources.ts';

const hookMembers = {
  name: v.string(),
  lifecycleTransition: v.picklist([
    'autoscaling:EC2_INSTANCE_LAUNCHING',
    'autoscaling:EC2_INSTANCE_TERMINATING',
  ]),
  // Seconds; AWS takes 30 to 7200 and an hour when it is told nothing.
  heartbeatTimeout: v.optional(v.pipe(v.number(), v.minValue(30), v.maxValue(7200)), 3600),
  defaultResult: v.optional(v.picklist(['CONTINUE', 'ABANDON']), 'ABANDON'),
  notificationMetadata: v.optional(v.string()),
  notificationTargetArn: v.optional(v.string()),
  roleArn: v.optional(v.string()),
};
const initialHookSchema = v.strictObject(hookMembers);
const hookSchema = v.strictObject({ ...INERT, ...hookMembers, autoscalingGroupName: v.string() });

const templateRef = v.strictObject({
  id: v.optional(v.string()),
  name: v.optional(v.string()),
  version: v.optional(v.string('the version is a string: use apply(String)')),
});

const groupSchema = v.strictObject({
  ...INERT,
  name: v.string(),
  namePrefix: v.optional(v.string()),
  minSize: v.number(),
  maxSize: v.number(),
  desiredCapacity: v.number(),
  vpcZoneIdentifiers: v.pipe(v.array(v.string()), v.minLength(1)),
  launchTemplate: templateRef,
  initialLifecycleHooks: v.optional(v.array(initialHookSchema), []),
  instanceLifecyclePolicy: v.optional(
    v.strictObject({
      retentionTriggers: v.optional(
        v.strictObject({ terminateHookAbandon: v.optional(v.picklist(['retain', 'terminate'])) }),
      ),
    }),
  ),
  terminationPolicies: v.optional(v.array(v.string()), ['Default']),
  serviceLinkedRoleArn: v.optional(v.string()),
  defaultInstanceWarmup: v.optional(v.number(), 300),
  enabledMetrics: v.optional(v.array(v.string()), []),
  tags: v.optional(
    v.array(v.strictObject({ key: v.string(), value: v.string(), propagateAtLaunch: v.boolean() })),
    [],
  ),
  protectFromScaleIn: v.optional(v.literal(false, 'the twin does not simulate scale-in protection')),
  capacityRebalance: v.optional(v.boolean()),
  suspendedProcesses: v.optional(v.array(v.string())),
  defaultCooldown: v.optional(v.number()),
  metricsGranularity: v.optional(v.string()),
  healthCheckType: v.optional(v.literal('EC2')),
  healthCheckGracePeriod: v.optional(v.number()),
  waitForCapacityTimeout: v.optional(v.string()),
  forceDelete: v.optional(v.boolean()),
  instanceMaintenancePolicy: v.optional(v.unknown()),
  instanceRefresh: v.optional(v.unknown()),
  maxInstanceLifetime: v.optional(v.number()),
  ignoreFailedScalingActivities: v.optional(v.boolean()),
  availabilityZoneDistribution: v.optional(v.unknown()),
});

const policySchema = v.strictObject({
  ...INERT,
  name: v.string(),
  autoscalingGroupName: v.string(),
  policyType: v.literal('TargetTrackingScaling', 'the twin simulates target tracking only'),
  estimatedInstanceWarmup: v.optional(v.number()),
  enabled: v.optional(v.literal(true)),
  targetTrackingConfiguration: v.strictObject({
    targetValue: v.number(),
    disableScaleIn: v.optional(v.boolean(), false),
    predefinedMetricSpecification: v.strictObject({
      predefinedMetricType: v.literal('ASGAverageCPUUtilization', 'the twin simulates average CPU only'),
    }),
  }),
});

const launchTemplateSchema = v.object({
  name: v.string(),
  userData: v.optional(v.string(), ''),
  instanceType: v.string(),
  imageId: v.string(),
  /** Of a template that was changed there is one for each version. */
  latestVersion: v.optional(v.number(), 1),
  iamInstanceProfile: v.optional(v.object({ name: v.optional(v.string()), arn: v.optional(v.string()) })),
  metadataOptions: v.optional(
    v.object({
      httpEndpoint: v.optional(v.picklist(['enabled', 'disabled'])),
      httpTokens: v.optional(v.picklist(['optional', 'required']), 'optional'),
      instanceMetadataTags: v.optional(v.picklist(['enabled', 'disabled']), 'disabled'),
      httpPutResponseHopLimit: v.optional(v.number()),
    }),
  ),
  tagSpecifications: v.optional(
    v.array(v.object({ resourceType: v.string(), tags: v.optional(v.record(v.string(), v.string()), {}) })),
    [],
  ),
});

const subnetSchema = v.object({ availabilityZone: v.string() });

/** EC2's own limit, on what is decoded. */
const MOST_USER_DATA = 16_384;

export function readGroups(
  resources: readonly RecordedResource[],
  place: Place,
  existing: readonly ExistingNetwork[],
): Group[] {
  const hooks = ofType(resources, ['aws:autoscaling/lifecycleHook:LifecycleHook'], hookSchema);
  const policies = ofType(resources, ['aws:autoscaling/policy:Policy'], policySchema);
  return ofType(resources, ['aws:autoscaling/group:Group'], groupSchema).map(({ arn, is }): Group => {
    const later = hooks
      .filter((hook) => hook.is.autoscalingGroupName === is.name)
      .map((hook) => hookOf(hook.is));
    const initial = is.initialLifecycleHooks.map(hookOf);
    return {
      name: is.name,
      arn,
      min: is.minSize,
      max: is.maxSize,
      desired: is.desiredCapacity,
      subnets: is.vpcZoneIdentifiers,
      zones: [...new Set(is.vpcZoneIdentifiers.map((subnet) => zoneOf(subnet, resources, existing)))],
      hooks: [...initial.filter(({ name }) => !later.some((hook) => hook.name === name)), ...later],
      terminateHookAbandon:
        is.instanceLifecyclePolicy?.retentionTriggers?.terminateHookAbandon ?? 'terminate',
      terminationPolicies: is.terminationPolicies,
      serviceLinkedRole: is.serviceLinkedRoleArn ?? defaultServiceLinkedRole(place),
      warmUpMs: is.defaultInstanceWarmup * 1000,
      tracking: policies
        .filter((policy) => policy.is.autoscalingGroupName === is.name)
        .map(
          ({ is: policy }): Tracking => ({
            name: policy.name,
            target: policy.targetTrackingConfiguration.targetValue,
            disableScaleIn: policy.targetTrackingConfiguration.disableScaleIn,
            warmUpMs: (policy.estimatedInstanceWarmup ?? is.defaultInstanceWarmup) * 1000,
          }),
        ),
      enabledMetrics: is.enabledMetrics,
      suspended: is.suspendedProcesses ?? [],
      tags: tagsOf(is.tags.filter(({ propagateAtLaunch }) => propagateAtLaunch)),
      ownTags: tagsOf(is.tags.filter(({ propagateAtLaunch }) => !propagateAtLaunch)),
      template: templateOf(is.launchTemplate, resources),
    };
  });
}

function tagsOf(tags: readonly { key: string; value: string }[]): Record<string, string> {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}

function hookOf(hook: v.InferOutput<typeof initialHookSchema>): Hook {
  return {
    name: hook.name,
    transition:
      hook.lifecycleTransition === 'autoscaling:EC2_INSTANCE_LAUNCHING' ? 'launching' : 'terminating',
    timeoutMs: hook.heartbeatTimeout * 1000,
    defaultResult: hook.defaultResult,
  };
}

function zoneOf(
  subnet: string,
  resources: readonly RecordedResource[],
  existing: readonly ExistingNetwork[],
): string {
  const made = ofType(resources, ['aws:ec2/subnet:Subnet'], subnetSchema).find(({ id }) => id === subnet);
  const zone =
    made?.is.availabilityZone ??
    existing.flatMap(({ subnets }) => subnets).find(({ id }) => id === subnet)?.zone;
  if (zone === undefined)
    throw new Error(`the group is to launch into a subnet that does not exist: ${subnet}`);
  return zone;
}

function templateOf(
  ref: v.InferOutput<typeof templateRef>,
  resources: readonly RecordedResource[],
): LaunchTemplate {
  const versions = ofType(resources, ['aws:ec2/launchTemplate:LaunchTemplate'], launchTemplateSchema).filter(
    ({ id, is }) => id === ref.id || is.name === ref.name,
  );
  const template = versions.find(({ is }) => String(is.latestVersion) === ref.version) ?? versions.at(-1);
  if (!template)
    throw new Error(`the group names a launch template that does not exist: ${ref.id ?? ref.name}`);
  const { is } = template;
  return {
    id: template.id,
    name: is.name,
    version: ref.version === undefined || ref.version.startsWith('$') ? '1' : ref.version,
    userData: decodeUserData(is.userData),
    instanceType: is.instanceType,
    ...(is.iamInstanceProfile ? { role: roleOfProfile(resources, is.iamInstanceProfile) } : {}),
    metadata: {
      tokensRequired: is.metadataOptions?.httpTokens === 'required',
      tagsEnabled: is.metadataOptions?.instanceMetadataTags === 'enabled',
    },
    tags: Object.assign(
      {},
      ...is.tagSpecifications
        .filter(({ resourceType }) => resourceType === 'instance')
        .map(({ tags }) => tags),
    ),
  };
}

/** As cloud-init reads it: base64, and gzip inside where it begins like that. */
function decodeUserData(userData: string): string {
  const raw = Buffer.from(userData, 'base64');
  if (raw.toString('base64').replace(/=+$/, '') !== userData.replace(/\s/g, '').replace(/=+$/, '')) {
    throw new Error('the user-data of the launch template is not base64');
  }
  if (raw.length > MOST_USER_DATA) {
    throw new Error(`the user-data is ${raw.length} bytes: EC2 takes ${MOST_USER_DATA}`);
  }
  return (raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw).toString('utf8');
}
