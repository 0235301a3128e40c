import { RoleAssignment } from '@pulumi/azure-native/authorization/roleAssignment.js';
import { RoleDefinition } from '@pulumi/azure-native/authorization/roleDefinition.js';
import * as pulumi from '@pulumi/pulumi';
import type { AzureNames } from './names.ts';

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const SET = 'Microsoft.Compute/virtualMachineScaleSets';
const JOBS = 'Microsoft.Automation/automationAccounts/jobs';

interface Permission {
  says: string;
  actions?: string[];
  dataActions?: string[];
}

/** Azure's own roles for these hold more: the one that writes blobs may delete whole containers. */
const RIGHTS = {
  'read-blobs': { says: 'reads blobs', dataActions: [`${BLOBS}/read`] },
  'write-blobs': { says: 'reads and writes blobs', dataActions: [`${BLOBS}/read`, `${BLOBS}/write`] },
  'tend-nodes': {
    says: 'sees, protects and deletes nodes of its scale set',
    actions: [
      `${SET}/read`,
      `${SET}/virtualMachines/read`,
      `${SET}/virtualMachines/instanceView/read`,
      `${SET}/virtualMachines/write`,
      `${SET}/virtualMachines/delete`,
    ],
  },
  'start-runbook': { says: 'starts jobs', actions: [`${JOBS}/read`, `${JOBS}/write`] },
} satisfies Record<string, Permission>;

export type Right = keyof typeof RIGHTS;

/** What a person needs for Run Command, which Azure's agent on the machine carries out. */
const SHELL: Permission = {
  says: 'runs commands as root on nodes',
  actions: [
    `${SET}/read`,
    `${SET}/virtualMachines/read`,
    `${SET}/virtualMachines/instanceView/read`,
    `${SET}/virtualMachines/runCommand/action`,
  ],
};

export interface PoolRolesArgs {
  names: AzureNames;
  /** The resource group's id, once it is there. */
  group: pulumi.Output<string>;
  /** Whether there is to be a role for operators who run commands on nodes. */
  hasShell: boolean;
}

/** Somebody, as Azure knows them. */
export interface Principal {
  who: string;
  id: pulumi.Output<string>;
}

/** What may be done in the pool, apart from each other, and who may do it. */
export class PoolRoles extends pulumi.ComponentResource {
  private readonly args: PoolRolesArgs;
  private readonly roles: Record<Right, pulumi.Output<string>>;

  constructor(name: string, args: PoolRolesArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:azure:PoolRoles', name, {}, options);
    this.args = args;
    const roleOf = (right: Right) => this.createRole(`${name}-${right}`, right, RIGHTS[right]);
    this.roles = {
      'read-blobs': roleOf('read-blobs'),
      'write-blobs': roleOf('write-blobs'),
      'tend-nodes': roleOf('tend-nodes'),
      'start-runbook': roleOf('start-runbook'),
    };
    // Given to nobody: whom it is for is the operator's to say.
    if (args.hasShell) this.createRole(`${name}-shell`, 'shell', SHELL);
    this.registerOutputs();
  }

  private createRole(name: string, what: string, permission: Permission): pulumi.Output<string> {
    const { names, group } = this.args;
    const { says, actions = [], dataActions = [] } = permission;
    const role = new RoleDefinition(
      name,
      {
        scope: group,
        // Azure would make a new one at every update.
        roleDefinitionId: names.guid('role', what),
        roleName: names.roleName(what),
        description: `Ebbtide: ${says}`,
        roleType: 'CustomRole',
        assignableScopes: [group],
        permissions: [{ actions, notActions: [], dataActions, notDataActions: [] }],
      },
      { parent: this },
    );
    return role.id;
  }

  /** Lets somebody do one thing, on one thing. `on` is part of the assignment's name, which must be known beforehand. */
  grant(
    name: string,
    { who, id }: Principal,
    right: Right,
    { on, scope }: { on: string; scope: pulumi.Input<string> },
    options: pulumi.CustomResourceOptions,
  ): RoleAssignment {
    return new RoleAssignment(
      name,
      {
        scope,
        roleAssignmentName: this.args.names.guid('assignment', who, right, on),
        roleDefinitionId: this.roles[right],
        principalId: id,
        // Azure then does not ask its directory, which may not have heard yet of who has just been made.
        principalType: 'ServicePrincipal',
      },
      // Nothing of an assignment can be changed, and its name is taken as long as it is there.
      { ...options, deleteBeforeReplace: true },
    );
  }
}
