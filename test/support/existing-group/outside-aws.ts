import { ACCOUNT, type Place } from '../../../lab/aws/identifiers.ts';
import { creatorOf } from '../../../lab/aws/resource-types.ts';
import type { Inputs, RecordedResource } from '../../../lab/pulumi/resource.ts';

const PLACE: Place = { account: ACCOUNT, region: 'eu-west-1', partition: 'aws' };

export const THEIR_GROUP = 'their-media';
export const THEIR_ROLE = 'their-media-nodes';

/** User-data of machines that know nothing of Ebbtide. */
const PLAIN = '#cloud-config\nruncmd:\n  - [/bin/bash, -c, "true"]\n';

/** A group as somebody else made it: with what it needs, on an account in which Ebbtide has not been. */
export function theirGroup(): RecordedResource[] {
  const subnet = made('aws:ec2/subnet:Subnet', {
    vpcId: 'vpc-0123',
    cidrBlock: '10.0.0.0/24',
    availabilityZone: 'eu-west-1a',
  });
  const role = made('aws:iam/role:Role', {
    name: THEIR_ROLE,
    assumeRolePolicy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    }),
  });
  const profile = made('aws:iam/instanceProfile:InstanceProfile', { name: THEIR_ROLE, role: THEIR_ROLE });
  const template = made('aws:ec2/launchTemplate:LaunchTemplate', {
    name: THEIR_GROUP,
    imageId: 'ami-0123456789abcdef0',
    instanceType: 'c6i.large',
    iamInstanceProfile: { name: THEIR_ROLE },
    metadataOptions: { httpTokens: 'required' },
    userData: Buffer.from(PLAIN).toString('base64'),
  });
  const group = made('aws:autoscaling/group:Group', {
    name: THEIR_GROUP,
    minSize: 1,
    maxSize: 3,
    desiredCapacity: 1,
    vpcZoneIdentifiers: [subnet.id],
    launchTemplate: { id: template.id, version: '1' },
    terminationPolicies: ['OldestInstance', 'Default'],
    enabledMetrics: ['GroupTotalInstances'],
  });
  return [subnet, role, profile, template, group];
}

function made(type: string, inputs: Inputs): RecordedResource {
  const create = creatorOf(type);
  if (create === undefined) throw new Error(`the twin AWS does not know ${type}`);
  const { id, outputs } = create(inputs, `outside ${type}::their-media`, PLACE);
  return { type, name: 'their-media', id, inputs, outputs: { ...inputs, ...outputs } };
}
