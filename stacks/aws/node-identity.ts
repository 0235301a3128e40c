import { InstanceProfile, Role, RolePolicy } from '@pulumi/aws/iam/index.js';
import * as pulumi from '@pulumi/pulumi';
import type { AwsNames } from './names.ts';
import { groupArn, type Place, parameterArn } from './place.ts';
import { policyDocument, type Statement, trustOf } from './policy.ts';

export interface NodeRightsArgs {
  names: AwsNames;
  place: Place;
  bucketArn: pulumi.Output<string>;
  parameters: string[];
  /** The ARNs of those in which a node registers itself. */
  targetGroups: string[];
  /** Whether operators come in by Session Manager. */
  hasSessions: boolean;
}

/** Who a node is, and the little that it may do. */
export class NodeIdentity extends pulumi.ComponentResource {
  readonly instanceProfileArn: pulumi.Output<string>;
  /** By which S3 knows a node: `ROLE_ID:i-…`. */
  readonly roleId: pulumi.Output<string>;

  constructor(name: string, args: NodeRightsArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:aws:NodeIdentity', name, {}, options);
    const role = new Role(
      name,
      {
        name: args.names.nodeRole,
        description: `Nodes of the group ${args.names.group}`,
        assumeRolePolicy: trustOf('ec2.amazonaws.com'),
      },
      { parent: this },
    );
    const policy = new RolePolicy(
      `${name}-rights`,
      { role: role.name, policy: policyDocument(nodeRights(args)) },
      { parent: this },
    );
    const profile = new InstanceProfile(
      `${name}-profile`,
      { name: args.names.nodeRole, role: role.name },
      // No node exists without its rights.
      { parent: this, dependsOn: policy },
    );
    this.instanceProfileArn = profile.arn;
    this.roleId = role.uniqueId;
    this.registerOutputs({ instanceProfileArn: this.instanceProfileArn, roleId: this.roleId });
  }
}

/**
 * A node holds its own group's hooks open and completes them (AWS bounds that no further than to the group), writes the
 * one status object that bears its name, and reads decisions, software and its own parameters. Where they are asked for: it
 * enters and leaves target groups (which AWS does not bound to itself), and lets AWS's agent speak. Nothing else.
 */
export function nodeRights(args: NodeRightsArgs): Statement[] {
  const { names, place, bucketArn, parameters, targetGroups, hasSessions } = args;
  const rights: Statement[] = [
    {
      Sid: 'LifecycleOfOwnGroup',
      Action: ['autoscaling:CompleteLifecycleAction', 'autoscaling:RecordLifecycleActionHeartbeat'],
      Resource: [groupArn(place, names)],
    },
    {
      Sid: 'WriteOwnStatus',
      Action: ['s3:PutObject'],
      // S3 puts the node's own ROLE_ID:INSTANCE_ID in place of the variable.
      Resource: [pulumi.interpolate`${bucketArn}/statuses/$\{aws:userid}.json`],
    },
    {
      Sid: 'ReadDecisionsAndSoftware',
      Action: ['s3:GetObject'],
      Resource: [pulumi.interpolate`${bucketArn}/decisions/*`, pulumi.interpolate`${bucketArn}/software/*`],
    },
    {
      // Whoever may not list is told 403 where there is no object: "nothing was decided" needs the 404. Whether that
      // question carries the key as its prefix is not documented, so the condition holds where there is no prefix too.
      Sid: 'TellMissingDecisions',
      Action: ['s3:ListBucket'],
      Resource: [bucketArn],
      Condition: { StringLikeIfExists: { 's3:prefix': 'decisions/*' } },
    },
  ];
  if (parameters.length > 0) {
    rights.push({
      Sid: 'ReadOwnParameters',
      Action: ['ssm:GetParameters'],
      Resource: parameters.map((parameter) => parameterArn(place, parameter)),
    });
  }
  if (targetGroups.length > 0) {
    rights.push({
      Sid: 'EnterTargetGroups',
      Action: ['elasticloadbalancing:RegisterTargets', 'elasticloadbalancing:DeregisterTargets'],
      Resource: targetGroups,
    });
  }
  if (hasSessions) {
    rights.push({
      Sid: 'SessionManager',
      Action: [
        'ssm:UpdateInstanceInformation',
        'ssmmessages:CreateControlChannel',
        'ssmmessages:CreateDataChannel',
        'ssmmessages:OpenControlChannel',
        'ssmmessages:OpenDataChannel',
      ],
      // AWS knows no narrower resource for channels.
      Resource: ['*'],
    });
  }
  return rights;
}
