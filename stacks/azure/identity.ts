import { UserAssignedIdentity } from '@pulumi/azure-native/managedidentity/userAssignedIdentity.js';
import * as pulumi from '@pulumi/pulumi';
import type { AzureNames } from './names.ts';
import type { PoolRoles, Principal, Right } from './roles.ts';

export interface PoolIdentityArgs {
  names: AzureNames;
  /** One word: `node`. */
  who: string;
  location: string;
  resourceGroup: pulumi.Input<string>;
  tags: Record<string, string>;
  roles: PoolRoles;
  rights: PoolRight[];
}

export interface PoolRight {
  right: Right;
  /** One word for what it is on, and its id. */
  on: string;
  scope: pulumi.Input<string>;
}

/**
 * Whom something runs as, and all that it may do. It is made apart from what uses it, so that it has its rights before
 * anything runs with them, and keeps them when that is made anew.
 */
export class PoolIdentity extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly clientId: pulumi.Output<string>;
  readonly principal: Principal;

  constructor(name: string, args: PoolIdentityArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:azure:PoolIdentity', name, {}, options);
    const { names, who, location, resourceGroup, tags, roles, rights } = args;
    const identity = new UserAssignedIdentity(
      name,
      { resourceGroupName: resourceGroup, resourceName: names.identity(who), location, tags },
      { parent: this },
    );
    this.principal = { who, id: identity.principalId };
    for (const { right, ...on } of rights) {
      roles.grant(`${name}-${right}-${on.on}`, this.principal, right, on, { parent: this });
    }
    this.id = identity.id;
    this.clientId = identity.clientId;
    this.registerOutputs({ id: this.id, clientId: this.clientId });
  }
}
