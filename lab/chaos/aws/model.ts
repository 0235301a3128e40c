import { arn, upperId } from '../../aws/identifiers.ts';
import type { AwsModel, Group, Role } from '../../aws/model.ts';
import type { AwsPlan } from './plan.ts';

const PLACE = { account: '111122223333', region: 'eu-central-1', partition: 'aws' };
export const REGION = PLACE.region;
export const BUCKET = 'chaos-pool';
export const GROUP = 'chaos-group';
const POLICY_ARN = arn(PLACE, 'lambda', 'function:chaos-termination-policy');
export const LAUNCH_HOOK = 'launch';
export const TERMINATE_HOOK = 'terminate';
export const NODE_ROLE = roleNamed('node');
export const FUNCTION_ROLE = roleNamed('functions');

/** What the program would have provisioned, as far as calls are concerned; its rights are tested elsewhere. */
export function modelOf(plan: AwsPlan): AwsModel & { groups: [Group] } {
  return {
    ...PLACE,
    buckets: [{ name: BUCKET, arn: arn(PLACE, 's3', BUCKET) }],
    objects: [],
    parameters: [],
    roles: [NODE_ROLE, FUNCTION_ROLE],
    functions: [],
    schedules: [],
    alarms: [],
    targetGroups: [],
    groups: [groupOf(plan)],
  };
}

function groupOf(plan: AwsPlan): Group {
  const zones = ['a', 'b', 'c'].slice(0, plan.zones).map((letter) => `${REGION}${letter}`);
  const hook = { timeoutMs: plan.hookTimeoutMs, defaultResult: 'ABANDON' } as const;
  return {
    name: GROUP,
    arn: arn(PLACE, 'autoscaling', `autoScalingGroup:1:autoScalingGroupName/${GROUP}`),
    min: plan.min,
    max: plan.max,
    desired: plan.desired,
    zones,
    subnets: zones.map((zone) => `subnet-${zone}`),
    hooks: [
      { name: LAUNCH_HOOK, transition: 'launching', ...hook, timeoutMs: 600_000 },
      { name: TERMINATE_HOOK, transition: 'terminating', ...hook },
    ],
    terminateHookAbandon: 'retain',
    terminationPolicies: [POLICY_ARN, 'Default'],
    serviceLinkedRole: arn(PLACE, 'iam', 'role/autoscaling'),
    warmUpMs: 0,
    tracking: [],
    enabledMetrics: [],
    suspended: [],
    ownTags: {},
    tags: {},
    template: {
      id: 'lt-1',
      name: 'chaos',
      version: '1',
      userData: '',
      instanceType: 'c7i.large',
      role: NODE_ROLE.name,
      metadata: { tokensRequired: true, tagsEnabled: true },
      tags: {},
    },
  };
}

function roleNamed(name: string): Role {
  return {
    name,
    arn: arn(PLACE, 'iam', `role/${name}`),
    uniqueId: upperId('AROA', name),
    trusted: [],
    policies: [{ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['*'], Resource: ['*'] }] }],
  };
}
