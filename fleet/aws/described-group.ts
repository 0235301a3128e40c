import * as v from 'valibot';
import type { AwsClient } from './client.ts';
import { callQuery, memberList } from './query.ts';

/** A group as AWS describes it, as far as it can end machines, or keep them, in its own way. */
export interface DescribedGroup {
  name: string;
  /** It is being deleted. */
  isEnding: boolean;
  sizes: { min: number; max: number };
  desired: number;
  inService: number;
  serviceLinkedRoleArn: string | undefined;
  terminationPolicies: string[];
  /** A leaving machine whose hook nobody answers is kept. */
  retains: boolean;
  suspended: string[];
  metrics: string[];
  healthCheckType: string;
  /** Seconds; 0 for none. */
  maxInstanceLifetime: number;
  protectsNewMachines: boolean;
  protectedMachines: string[];
  rebalances: boolean;
  hasWarmPool: boolean;
  /** Some of its machines may be taken back at any time. */
  hasSpot: boolean;
  /** Key → value. */
  tags: Readonly<Record<string, string>>;
  hooks: { name: string; isTerminating: boolean }[];
}

const size = v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number));
const flag = v.pipe(
  v.picklist(['true', 'false']),
  v.transform((value) => value === 'true'),
);
/** Without members it is an empty element. */
const structure = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.optional(
    v.pipe(
      v.union([v.literal(''), v.object(entries)]),
      v.transform((value) => (value === '' ? undefined : value)),
    ),
  );
const list = <Schema extends v.GenericSchema>(schema: Schema) => v.optional(memberList(schema), '');

const groupSchema = v.object({
  AutoScalingGroupName: v.string(),
  Status: v.optional(v.string()),
  MinSize: size,
  MaxSize: size,
  DesiredCapacity: size,
  ServiceLinkedRoleARN: v.optional(v.string()),
  TerminationPolicies: list(v.string()),
  InstanceLifecyclePolicy: structure({
    RetentionTriggers: structure({ TerminateHookAbandon: v.optional(v.string()) }),
  }),
  SuspendedProcesses: list(v.object({ ProcessName: v.string() })),
  EnabledMetrics: list(v.object({ Metric: v.string() })),
  HealthCheckType: v.optional(v.string(), 'EC2'),
  MaxInstanceLifetime: v.optional(size, '0'),
  NewInstancesProtectedFromScaleIn: v.optional(flag, 'false'),
  CapacityRebalance: v.optional(flag, 'false'),
  WarmPoolConfiguration: structure({ PoolState: v.optional(v.string()) }),
  MixedInstancesPolicy: structure({
    InstancesDistribution: structure({ OnDemandPercentageAboveBaseCapacity: v.optional(size) }),
  }),
  Tags: list(v.object({ Key: v.string(), Value: v.optional(v.string(), '') })),
  Instances: list(
    v.object({
      InstanceId: v.string(),
      LifecycleState: v.optional(v.string()),
      ProtectedFromScaleIn: v.optional(flag, 'false'),
    }),
  ),
});

const groupsSchema = v.object({
  AutoScalingGroups: memberList(groupSchema),
  NextToken: v.optional(v.string()),
});

const hooksSchema = v.object({
  LifecycleHooks: list(v.object({ LifecycleHookName: v.string(), LifecycleTransition: v.string() })),
});

/** Undefined where AWS says that there is no such group. Rejects when it cannot be read. */
export async function describeGroup(client: AwsClient, name: string): Promise<DescribedGroup | undefined> {
  const { AutoScalingGroups } = await callQuery(
    client,
    'autoscaling',
    'DescribeAutoScalingGroups',
    { AutoScalingGroupNames: [name] },
    groupsSchema,
  );
  const found = AutoScalingGroups.find(({ AutoScalingGroupName }) => AutoScalingGroupName === name);
  if (found === undefined) return undefined;
  const { LifecycleHooks } = await callQuery(
    client,
    'autoscaling',
    'DescribeLifecycleHooks',
    { AutoScalingGroupName: name },
    hooksSchema,
  );
  // Without a word of it, a mixed group has machines on demand only.
  const onDemand =
    found.MixedInstancesPolicy?.InstancesDistribution?.OnDemandPercentageAboveBaseCapacity ?? 100;
  return {
    name,
    isEnding: found.Status !== undefined,
    sizes: { min: found.MinSize, max: found.MaxSize },
    desired: found.DesiredCapacity,
    inService: found.Instances.filter(({ LifecycleState }) => LifecycleState === 'InService').length,
    serviceLinkedRoleArn: found.ServiceLinkedRoleARN,
    terminationPolicies: found.TerminationPolicies,
    retains: found.InstanceLifecyclePolicy?.RetentionTriggers?.TerminateHookAbandon === 'retain',
    suspended: found.SuspendedProcesses.map(({ ProcessName }) => ProcessName),
    metrics: found.EnabledMetrics.map(({ Metric }) => Metric),
    healthCheckType: found.HealthCheckType,
    maxInstanceLifetime: found.MaxInstanceLifetime,
    protectsNewMachines: found.NewInstancesProtectedFromScaleIn,
    protectedMachines: found.Instances.flatMap(({ InstanceId, ProtectedFromScaleIn }) =>
      ProtectedFromScaleIn ? [InstanceId] : [],
    ),
    rebalances: found.CapacityRebalance,
    hasWarmPool: found.WarmPoolConfiguration !== undefined,
    hasSpot: onDemand < 100,
    tags: Object.fromEntries(found.Tags.map(({ Key, Value }) => [Key, Value])),
    hooks: LifecycleHooks.map(({ LifecycleHookName, LifecycleTransition }) => ({
      name: LifecycleHookName,
      isTerminating: LifecycleTransition === 'autoscaling:EC2_INSTANCE_TERMINATING',
    })),
  };
}

/** A function of somebody's, of which a group can have one. */
export function customPolicyOf(terminationPolicies: readonly string[]): string | undefined {
  return terminationPolicies.find((policy) => policy.startsWith('arn:'));
}
