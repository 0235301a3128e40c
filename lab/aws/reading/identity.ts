import * as v from 'valibot';
import type { RecordedResource } from '../../pulumi/resource.ts';
import type { Place } from '../identifiers.ts';
import type { Role } from '../model.ts';
import { type PolicyDocument, parsePolicy } from '../policy-document.ts';
import { INERT, ofType, policyText } from './resources.ts';

const roleSchema = v.strictObject({
  ...INERT,
  name: v.string(),
  namePrefix: v.optional(v.string()),
  path: v.optional(v.string()),
  assumeRolePolicy: policyText,
  inlinePolicies: v.optional(
    v.array(v.object({ name: v.optional(v.string()), policy: v.optional(policyText) })),
    [],
  ),
  managedPolicyArns: v.optional(v.array(v.string()), []),
  maxSessionDuration: v.optional(v.number()),
  forceDetachPolicies: v.optional(v.boolean()),
});

const rolePolicySchema = v.strictObject({
  ...INERT,
  name: v.optional(v.string()),
  namePrefix: v.optional(v.string()),
  role: v.string(),
  policy: policyText,
});

const attachmentSchema = v.strictObject({ role: v.string(), policyArn: v.string() });
const policySchema = v.object({ policy: policyText });
const profileSchema = v.object({ name: v.string(), role: v.optional(v.string()) });
const linkedSchema = v.object({ name: v.string(), awsServiceName: v.string() });

/** AWS's own policies that the program may attach, as AWS publishes them. */
const MANAGED: Record<string, PolicyDocument> = {
  'service-role/AWSLambdaBasicExecutionRole': {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: ['*'],
      },
    ],
  },
};

export function readRoles(resources: readonly RecordedResource[]): Role[] {
  const inline = ofType(resources, ['aws:iam/rolePolicy:RolePolicy'], rolePolicySchema);
  const attached = ofType(resources, ['aws:iam/rolePolicyAttachment:RolePolicyAttachment'], attachmentSchema);
  const policies = ofType(resources, ['aws:iam/policy:Policy'], policySchema);

  function managed(policyArn: string): PolicyDocument {
    const own = policies.find(({ arn }) => arn === policyArn);
    if (own) return parsePolicy(own.is.policy, own.name);
    const published = MANAGED[policyArn.replace(/^arn:[^:]+:iam::aws:policy\//, '')];
    if (!published) throw new Error(`the twin AWS has no copy of the policy ${policyArn}`);
    return published;
  }

  const roles = ofType(resources, ['aws:iam/role:Role'], roleSchema).map(
    ({ name, id, arn, uniqueId, is }) => ({
      name: is.name,
      arn,
      uniqueId,
      trusted: trustedServices(parsePolicy(is.assumeRolePolicy, `${name} (assumeRolePolicy)`)),
      policies: [
        ...inline
          .filter(({ is: { role } }) => role === id || role === arn)
          .map((each) => parsePolicy(each.is.policy, each.name)),
        ...is.inlinePolicies.flatMap(({ policy }) =>
          policy === undefined ? [] : [parsePolicy(policy, name)],
        ),
        ...attached
          .filter(({ is: { role } }) => role === id || role === arn)
          .map((each) => managed(each.is.policyArn)),
        ...is.managedPolicyArns.map(managed),
      ],
    }),
  );
  const linked = ofType(resources, ['aws:iam/serviceLinkedRole:ServiceLinkedRole'], linkedSchema).map(
    ({ arn, uniqueId, is }) => ({ name: is.name, arn, uniqueId, trusted: [is.awsServiceName], policies: [] }),
  );
  return [...roles, ...linked];
}

/** The role behind an instance profile, by the profile's name or ARN. */
export function roleOfProfile(
  resources: readonly RecordedResource[],
  profile: { name?: string | undefined; arn?: string | undefined },
): string {
  const found = ofType(resources, ['aws:iam/instanceProfile:InstanceProfile'], profileSchema).find(
    ({ arn, is: { name } }) => name === profile.name || arn === profile.arn,
  );
  const role = found?.is.role;
  if (role === undefined)
    throw new Error(`there is no instance profile ${profile.name ?? profile.arn} with a role`);
  return role;
}

/** The role that the group acts by unless it is given another. */
export function defaultServiceLinkedRole({ partition, account }: Place): string {
  return `arn:${partition}:iam::${account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`;
}

function trustedServices(trust: PolicyDocument): string[] {
  return trust.Statement.flatMap(({ Effect, Principal }) =>
    Effect === 'Allow' && typeof Principal === 'object' ? (Principal.Service ?? []) : [],
  );
}
