import assert from 'node:assert/strict';
import type { AwsTwin } from '../../../lab/aws/aws-twin.ts';
import { startLocalAws } from '../../../lab/local-stack/aws-cloud.ts';
import { outOfOrder } from '../out-of-order.ts';
import type { LifeRow } from './row.ts';
import { statusText } from './status.ts';

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
  async strand(rig) {
    const { twin } = rig.cloud;
    const [first = ''] = rig.inService();
    const group = twin.groups()[0];
    assert.ok(group);
    const hook = group.group.hooks.find(({ transition }) => transition === 'terminating')?.name ?? '';
    // Whoever would end it otherwise.
    outOfOrder(twin.faults, { service: 'lambda', action: 'ebbtide-media-watcher' });
    assert.equal(group.terminate(first, false), undefined);
    assert.equal(group.complete({ instance: first, hook, result: 'ABANDON' }), undefined);
    await rig.until('the retained machine is empty, and another serves in its place', () => {
      const empty = statusText(rig, BUCKET, first)?.includes('"phase":"empty"') ?? false;
      return empty && rig.inService().length === 2;
    });
    assert.equal(group.find(first)?.life.state, 'Terminating:Retained');
    return first;
  },
};
