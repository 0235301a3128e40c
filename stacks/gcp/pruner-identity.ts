import { IAMCustomRole } from '@pulumi/gcp/projects/iamcustomRole.js';
import { IAMMember } from '@pulumi/gcp/projects/iammember.js';
import { Account } from '@pulumi/gcp/serviceaccount/account.js';
import * as pulumi from '@pulumi/pulumi';
import type { GcpNames } from './names.ts';
import type { StoreRoles } from './store-roles.ts';

export interface PrunerIdentityArgs {
  names: GcpNames;
  pool: string;
  project: string;
  store: StoreRoles;
  /** Of the pool's roles. */
  birth: pulumi.Output<string>;
}

/** Whom the pruner runs as: the one in the pool who may take machines out of the group, and end them. */
export class PrunerIdentity extends pulumi.ComponentResource {
  readonly email: pulumi.Output<string>;

  constructor(name: string, args: PrunerIdentityArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:gcp:PrunerIdentity', name, {}, options);
    const { names, pool, project, store, birth } = args;
    const account = new Account(
      name,
      { accountId: names.prunerAccount, displayName: `Pruner of the pool ${pool}` },
      { parent: this },
    );
    const ofProject = ROLES.map(({ what, title, permissions, condition }) => {
      const role = new IAMCustomRole(
        `${name}-${what}-role`,
        {
          roleId: birth.apply((of) => names.role(what, of)),
          title: `Ebbtide pool ${pool}: ${title}`,
          permissions,
        },
        { parent: this },
      );
      return new IAMMember(
        `${name}-${what}`,
        {
          project,
          role: role.name,
          member: account.member,
          ...(condition === undefined ? {} : { condition: condition(names) }),
        },
        { parent: this },
      );
    });
    const ofStore = [
      store.grant(`${name}-reads`, account.member, 'read', ['statuses', 'decisions', 'memory'], {
        parent: this,
      }),
      store.grant(`${name}-writes`, account.member, 'write', ['decisions', 'memory'], { parent: this }),
      store.grant(`${name}-lists`, account.member, 'list', [], { parent: this }),
    ];
    // It does not run without its rights.
    const granted = pulumi.all([...ofProject, ...ofStore].map(({ id }) => id));
    this.email = pulumi.all([account.email, granted]).apply(([email]) => email);
    this.registerOutputs({ email: this.email });
  }
}

interface PrunerRole {
  what: string;
  title: string;
  permissions: string[];
  condition?: (names: GcpNames) => { title: string; expression: string };
}

const ROLES: PrunerRole[] = [
  {
    // A list is the project's, and groups, autoscalers and operations know no conditions.
    what: 'sees',
    title: 'sees machines and groups',
    permissions: [
      'compute.autoscalers.get',
      'compute.instanceGroupManagers.get',
      'compute.instances.list',
      'compute.regionOperations.get',
      'compute.zoneOperations.get',
    ],
  },
  {
    // To abandon needs this right, which Google bounds to no group.
    what: 'abandons',
    title: 'takes machines out of groups',
    permissions: ['compute.instanceGroupManagers.update'],
  },
  {
    what: 'ends',
    title: 'marks and ends its machines',
    permissions: ['compute.instances.delete', 'compute.instances.setLabels'],
    condition: ({ instanceBase }) => ({
      title: 'machines of the pool',
      // The second half is for a pool whose name begins with this one's: of "media", "media-2-abcd" is not a machine.
      expression:
        `resource.name.extract("/instances/{name}").startsWith("${instanceBase}-") && ` +
        `resource.name.extract("/instances/${instanceBase}-{more}-") == ""`,
    }),
  },
];
