import type { PoolAddressOf } from '../../fleet/pool-address.ts';
import { neededFor, type Policy, quoted, type Task } from './task.ts';

type Address = PoolAddressOf<'aws'>;

interface AwsRight {
  sid: string;
  task: Task;
  actions: readonly string[];
  on: (address: Address) => string[];
  condition?: Record<string, Record<string, string[]>>;
}

/** All that `fleet` asks of AWS. */
const AWS_RIGHTS: readonly AwsRight[] = [
  // AWS knows no resource for it: whoever may see one group may see all of them.
  { sid: 'SeeGroups', task: 'status', actions: ['autoscaling:DescribeAutoScalingGroups'], on: () => ['*'] },
  {
    // Also for single reads: without it S3 answers 403 where there is nothing. Whether such a read carries the key as its
    // prefix is not documented, so the condition holds where there is no prefix too.
    sid: 'ListRegistry',
    task: 'status',
    actions: ['s3:ListBucket'],
    on: (address) => [bucketArn(address)],
    condition: { StringLikeIfExists: { 's3:prefix': ['statuses/*', 'decisions/*'] } },
  },
  {
    sid: 'ReadRegistry',
    task: 'status',
    actions: ['s3:GetObject'],
    on: (address) => [`${bucketArn(address)}/statuses/*`, `${bucketArn(address)}/decisions/*`],
  },
  {
    sid: 'WriteDecisions',
    task: 'remove',
    actions: ['s3:PutObject'],
    on: (address) => [`${bucketArn(address)}/decisions/*`],
  },
  {
    sid: 'HaveMachinesLeave',
    task: 'remove',
    actions: ['autoscaling:TerminateInstanceInAutoScalingGroup'],
    on: (address) => [groupArn(address)],
  },
  // Whoever rolls says so there, and looks who else does.
  {
    sid: 'ListRolls',
    task: 'roll',
    actions: ['s3:ListBucket'],
    on: (address) => [bucketArn(address)],
    condition: { StringLikeIfExists: { 's3:prefix': ['memory/rolls/*'] } },
  },
  {
    sid: 'ReadRolls',
    task: 'roll',
    actions: ['s3:GetObject'],
    on: (address) => [`${bucketArn(address)}/memory/rolls/*`],
  },
  {
    sid: 'WriteRolls',
    task: 'roll',
    actions: ['s3:PutObject'],
    on: (address) => [`${bucketArn(address)}/memory/rolls/*`],
  },
];

export function awsPolicy(address: Address, task: Task): Policy {
  const Statement = neededFor(task, AWS_RIGHTS).map(({ sid, actions, on, condition }) => ({
    Sid: sid,
    Effect: 'Allow',
    Action: [...actions],
    Resource: on(address),
    ...(condition === undefined ? {} : { Condition: condition }),
  }));
  const name = `ebbtide-${address.pool}-${task}`;
  return {
    text: JSON.stringify({ Version: '2012-10-17', Statement }, null, 2),
    steps: [
      'An IAM policy. Written into policy.json, it is made by',
      `$ aws iam create-policy --policy-name ${quoted(name)} --policy-document file://policy.json`,
      'and given to a user, a role or a permission set as any other.',
    ],
  };
}

export function bucketArn({ region, bucket }: Pick<Address, 'region' | 'bucket'>): string {
  return `arn:${partitionOf(region)}:s3:::${bucket}`;
}

/** AWS puts a generated id where the second star is. The first is the account: a policy gives rights in its own only. */
function groupArn({ region, group }: Address): string {
  return `arn:${partitionOf(region)}:autoscaling:${region}:*:autoScalingGroup:*:autoScalingGroupName/${group}`;
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
