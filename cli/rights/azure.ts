import type { PoolAddressOf } from '../../fleet/pool-address.ts';
import { neededFor, type Policy, quoted, type Task } from './task.ts';

type Address = PoolAddressOf<'azure'>;

interface AzureRight {
  task: Task;
  action: string;
  /** Where the role must be given for it. */
  on: (address: Address) => string;
}

/** All that `fleet` asks of Azure. */
const AZURE_RIGHTS: readonly AzureRight[] = [
  {
    task: 'status',
    action: 'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read',
    on: ({ group, ...address }) =>
      `${groupId(address)}/providers/Microsoft.Compute/virtualMachineScaleSets/${group}`,
  },
  {
    // By its signature statuses and decisions are read, and decisions written.
    task: 'status',
    action: 'Microsoft.Storage/storageAccounts/listAccountSas/action',
    on: ({ storage, ...address }) =>
      `${groupId(address)}/providers/Microsoft.Storage/storageAccounts/${storage}`,
  },
  // Where another is to come in the place of one that leaves, the set is made bigger by one.
  {
    task: 'remove',
    action: 'Microsoft.Compute/virtualMachineScaleSets/read',
    on: ({ group, ...address }) =>
      `${groupId(address)}/providers/Microsoft.Compute/virtualMachineScaleSets/${group}`,
  },
  {
    task: 'remove',
    action: 'Microsoft.Compute/virtualMachineScaleSets/write',
    on: ({ group, ...address }) =>
      `${groupId(address)}/providers/Microsoft.Compute/virtualMachineScaleSets/${group}`,
  },
];

export function azurePolicy(address: Address, task: Task): Policy {
  const rights = neededFor(task, AZURE_RIGHTS);
  // Roles are known by their names to a whole directory.
  const name = `Ebbtide pool ${address.pool}: fleet ${task} (${address.resourceGroup} in ${address.subscriptionId})`;
  const role = {
    Name: name,
    IsCustom: true,
    Description: `What npm run fleet -- ${task} asks of Azure`,
    Actions: [...new Set(rights.map(({ action }) => action))],
    NotActions: [],
    DataActions: [],
    NotDataActions: [],
    AssignableScopes: [groupId(address)],
  };
  const scopes = [...new Set(rights.map(({ on }) => on(address)))];
  return {
    text: JSON.stringify(role, null, 2),
    steps: [
      'A custom role. Written into role.json, it is made by',
      '$ az role definition create --role-definition @role.json',
      'and given, just where it is needed, to whoever is to have it, WHO being their object id:',
      ...scopes.map(
        (scope) =>
          `$ az role assignment create --assignee WHO --role ${quoted(name)} --scope ${quoted(scope)}`,
      ),
      'Azure bounds a signature of a storage account (listAccountSas) by nothing but the account: whoever may ask for one may read',
      "and write every blob of this pool's own account, to look only included.",
    ],
  };
}

function groupId({
  subscriptionId,
  resourceGroup,
}: Pick<Address, 'subscriptionId' | 'resourceGroup'>): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
}
