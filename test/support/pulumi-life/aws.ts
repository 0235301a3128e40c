import assert from 'node:assert/strict';
import type { AwsTwin } from '../../../lab/aws/aws-twin.ts';
import { startLocalAws } from '../../../lab/local-stack/aws-cloud.ts';
import { outOfOrder } from '../out-of-order.ts';
import type { LifeRow } from './row.ts';

const BUCKET = 'aws:s3/bucket:Bucket';

export const AWS_LIFE: LifeRow<AwsTwin> = {
  name: 'aws',
  start: startLocalAws,
  types: { group: 'aws:autoscaling/group:Group', bucket: BUCKET },
  resources: 50,
  // Each names a thing by an id or an ARN that AWS gives it, or by the bucket's generated name: user-data, functions'
  // settings and rights name the bucket too.
  unknownAtFirst: [
    'BucketLifecycleConfiguration.bucket',
    'BucketObjectv2.bucket',
    'BucketPolicy.bucket',
    'BucketPolicy.policy',
    'BucketPublicAccessBlock.bucket',
    'BucketServerSideEncryptionConfiguration.bucket',
    'DestroySweep.bucket',
    'EventTarget.arn',
    'Function.environment',
    'Function.role',
    'Group.launchTemplate',
    'Group.serviceLinkedRoleArn',
    'Group.terminationPolicies',
    'Group.vpcZoneIdentifiers',
    'InternetGateway.vpcId',
    'LaunchTemplate.iamInstanceProfile',
    'LaunchTemplate.userData',
    'LaunchTemplate.vpcSecurityGroupIds',
    'Permission.principal',
    'Permission.sourceArn',
    'RolePolicy.policy',
    'RouteTable.routes',
    'RouteTable.vpcId',
    'RouteTableAssociation.routeTableId',
    'RouteTableAssociation.subnetId',
    'SecurityGroup.vpcId',
    'Subnet.vpcId',
  ],
  touched: {
    target: ['aws:autoscaling:Policy media-group-cpu'],
    max: ['aws:autoscaling:Group media-group'],
    template: [
      'aws:autoscaling:Group media-group',
      'aws:ec2:LaunchTemplate media-template',
      'aws:lambda:Function media-termination-policy',
    ],
  },
  servesAfterUp: true,
  target: (twin) => twin.groups()[0]?.group.tracking[0]?.target,
  template: (twin) => twin.groups()[0]?.group.template.version,
  refusal: {
    busy: /i-[0-9a-f]+ \(eu-west-1., InService\): serving, 1 rooms, 2 people/,
    drainFirst: /To drain first:[\s\S]*update-auto-scaling-group/,
  },
  stopEnding: ({ faults }) => outOfOrder(faults, { service: 'lambda', action: 'ebbtide-media-watcher' }),
  letGo({ cloud: { twin } }, node) {
    assert.equal(groupOf(twin).terminate(node, true), undefined);
  },
  giveUp({ cloud: { twin } }, node) {
    const group = groupOf(twin);
    const hook = group.group.hooks.find(({ transition }) => transition === 'terminating')?.name ?? '';
    assert.equal(group.complete({ instance: node, hook, result: 'ABANDON' }), undefined);
    assert.equal(group.find(node)?.life.state, 'Terminating:Retained');
  },
  holdDestroy: ({ faults }) =>
    outOfOrder(faults, { service: 'autoscaling', action: 'UpdateAutoScalingGroup' }),
};

function groupOf(twin: AwsTwin) {
  const [group] = twin.groups();
  assert.ok(group);
  return group;
}
