import { Account } from '@pulumi/gcp/serviceaccount/account.js';
import * as pulumi from '@pulumi/pulumi';
import type { GcpNames } from './names.ts';
import type { StoreRoles } from './store-roles.ts';

export interface NodeIdentityArgs {
  names: GcpNames;
  pool: string;
  store: StoreRoles;
}

/**
 * Who a node is, and the little that it may do: write statuses, read decisions and software. It has no right over machines
 * at all, since Google cannot tell one node of a group from its neighbours: it asks the pruner to look.
 */
export class NodeIdentity extends pulumi.ComponentResource {
  readonly email: pulumi.Output<string>;
  readonly member: pulumi.Output<string>;

  constructor(
    name: string,
    { names, pool, store }: NodeIdentityArgs,
    options: pulumi.ComponentResourceOptions,
  ) {
    super('ebbtide:gcp:NodeIdentity', name, {}, options);
    const account = new Account(
      name,
      { accountId: names.nodeAccount, displayName: `Nodes of the pool ${pool}` },
      { parent: this },
    );
    const rights = grantToNodes(name, store, account.member, { parent: this });
    // No node exists without its rights.
    const granted = pulumi.all(rights.map(({ id }) => id));
    this.email = pulumi.all([account.email, granted]).apply(([email]) => email);
    this.member = account.member;
    this.registerOutputs({ email: this.email, member: this.member });
  }
}

/** Whoever a node is: what it may do with the pool's bucket. */
export function grantToNodes(
  name: string,
  store: StoreRoles,
  member: pulumi.Input<string>,
  options: pulumi.CustomResourceOptions,
) {
  return [
    store.grant(`${name}-reads`, member, 'read', ['decisions', 'software'], options),
    store.grant(`${name}-tells`, member, 'write', ['statuses'], options),
    // Whoever may not list is told 403 where there is no object: "nothing was decided" needs the 404.
    store.grant(`${name}-lists`, member, 'list', [], options),
  ];
}
