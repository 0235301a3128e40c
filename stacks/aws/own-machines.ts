import { ServiceLinkedRole } from '@pulumi/aws/iam/index.js';
import type * as pulumi from '@pulumi/pulumi';
import type { BalancerWays } from './balancers.ts';
import { PoolGroup } from './group.ts';
import { NodeTemplate } from './launch-template.ts';
import type { Machines, MachinesArgs } from './machines.ts';
import { PoolNetwork } from './network.ts';
import { NodeIdentity } from './node-identity.ts';

interface OwnMachinesArgs extends MachinesArgs {
  /** Of a network that is created. */
  zones: string[];
  balancers: BalancerWays;
}

/** A group, and all that its machines are made from. */
export function ownMachines(
  name: string,
  { settings, names, place, bucket, secrets, software, boot, zones, balancers }: OwnMachinesArgs,
  options: pulumi.CustomResourceOptions,
): Machines {
  const network = new PoolNetwork(
    `${name}-network`,
    { title: names.group, settings, zones, balancers },
    options,
  );
  const identity = new NodeIdentity(
    `${name}-node`,
    {
      names,
      place,
      bucketArn: bucket.arn,
      parameters: secrets.parameters,
      targetGroups: settings.network.balancers,
      hasSessions: settings.access.shell && settings.access.keys.length === 0,
    },
    options,
  );
  const template = new NodeTemplate(
    `${name}-template`,
    {
      settings,
      names,
      bucket: bucket.name,
      nodeRoleId: identity.roleId,
      instanceProfileArn: identity.instanceProfileArn,
      securityGroup: network.securityGroup,
      boot,
      software,
    },
    options,
  );
  // The account's own role for groups may not exist yet, and whom it may call is nobody else's to share.
  const groupRole = new ServiceLinkedRole(
    `${name}-group-role`,
    {
      awsServiceName: 'autoscaling.amazonaws.com',
      customSuffix: settings.aws.serviceLinkedRoleSuffix ?? names.groupRoleSuffix,
      description: `The group ${names.group}`,
    },
    options,
  );
  return {
    template: template.fingerprint,
    serviceLinkedRoleArn: groupRole.arn,
    scale({ terminationPolicyArn, lives }) {
      const group = new PoolGroup(
        `${name}-group`,
        {
          settings,
          names,
          subnets: network.subnets,
          template,
          serviceLinkedRoleArn: groupRole.arn,
          terminationPolicyArn,
          lives: [network, identity, ...lives],
        },
        options,
      );
      return { name: group.name, resources: [network, identity, template, groupRole, group] };
    },
    sweep: { code: 'aws/run-sweep.ts' },
    outputs: { network: network.id, securityGroup: network.securityGroup },
  };
}
