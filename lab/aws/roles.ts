import type { AwsModel, Role } from './model.ts';
import { parsePolicy } from './policy-document.ts';

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

/** A person with just what a policy, as it is written, allows. Throws where AWS would reject it as malformed. */
export function personRole({ partition, account }: AwsModel, name: string, policy: string): Role {
  return {
    name,
    arn: `arn:${partition}:iam::${account}:role/${name}`,
    uniqueId: `AROA${name.toUpperCase()}`,
    trusted: [],
    policies: [parsePolicy(policy, name)],
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
