import type { Permission } from '../model.ts';

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const CONTAINERS = 'Microsoft.Storage/storageAccounts/blobServices/containers';

/** What Azure's own roles allow, as far as the program could use it, by their GUIDs. One that is not here is refused. */
const BUILT_IN: Readonly<Record<string, Partial<Permission>>> = {
  // Storage Blob Data Reader
  '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1': {
    actions: [
      `${CONTAINERS}/read`,
      'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action',
    ],
    dataActions: [`${BLOBS}/read`],
  },
  // Storage Blob Data Contributor
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': {
    actions: [
      `${CONTAINERS}/delete`,
      `${CONTAINERS}/read`,
      `${CONTAINERS}/write`,
      'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action',
    ],
    dataActions: [
      `${BLOBS}/delete`,
      `${BLOBS}/read`,
      `${BLOBS}/write`,
      `${BLOBS}/move/action`,
      `${BLOBS}/add/action`,
    ],
  },
  // Automation Job Operator
  '4fe576fe-1146-4730-92eb-48519fa6bf9f': {
    actions: [
      'Microsoft.Automation/automationAccounts/jobs/read',
      'Microsoft.Automation/automationAccounts/jobs/write',
      'Microsoft.Automation/automationAccounts/jobs/output/read',
    ],
  },
  // Automation Runbook Operator
  '5fb5aef8-1081-4b8e-bb16-9d5d0385bab5': {
    actions: ['Microsoft.Automation/automationAccounts/runbooks/read'],
  },
};

const NONE: Permission = { actions: [], notActions: [], dataActions: [], notDataActions: [] };

/** Undefined for a role that the twin does not know. */
export function builtIn(guid: string): Permission[] | undefined {
  const found = BUILT_IN[guid.toLowerCase()];
  return found && [{ ...NONE, ...found }];
}
