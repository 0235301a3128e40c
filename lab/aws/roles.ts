import type { AwsModel, Role } from './model.ts';

/** A person with every right, as whoever runs `pulumi` has. */
export function operatorRole({ partition, account }: AwsModel): Role {
  return {
    name: 'operator',
    arn: `arn:${partition}:iam::${account}:role/operator`,
    uniqueId: 'AROAOPERATOROPERATOR',
    trusted: [],
    policies: [{ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['*'], Resource: ['*'] }] }],
  };
}

/** A role as it is provisioned now. Keys outlive what their role may do, and the role itself. */
export function currentRole(role: Role, model: AwsModel): Role {
  if (role.arn === operatorRole(model).arn) return role;
  return model.roles.find(({ arn }) => arn === role.arn) ?? { ...role, policies: [] };
}

/** Throws where there is none. */
export function roleNamed(name: string, { roles }: AwsModel): Role {
  const role = roles.find((each) => each.name === name);
  if (!role) throw new Error(`there is no role ${name} in the twin`);
  return role;
}
