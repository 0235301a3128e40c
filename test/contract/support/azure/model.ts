import { encodeScaleInSettings, type ScaleInSettings } from '../../../../fleet/azure-function-settings.ts';
import type { AutoscaleRule, AzureModel, RoleAssignment } from '../../../../lab/azure/model.ts';
import { SUBSCRIPTION, TENANT } from '../../../../lab/azure/place.ts';
import { uuid } from '../../../../lab/cloud/identifiers.ts';
import { Ports } from '../../../../lab/instance/ports.ts';
import { azureRunbook } from '../../../../stacks/bundle.ts';

const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/media`;
export const SET = `${GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/ebbtide-media`;
export const STORE = 'ebbtide0123456789abcdef';
export const ACCOUNT = `${GROUP}/providers/Microsoft.Automation/automationAccounts/ebbtide-media`;
const STORAGE = `${GROUP}/providers/Microsoft.Storage/storageAccounts/${STORE}`;

export const NODE = identity('node');
/** That of the identity itself. */
export const NODE_ID = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/node`;
export const RUNBOOK_IDENTITY = identity('runbook');
const LOGIC = identity('logic');

function identity(what: string) {
  return { principalId: uuid(`principal ${what}`), clientId: uuid(`client ${what}`) };
}

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const SETS = 'Microsoft.Compute/virtualMachineScaleSets';

/** Who may what, as a pool needs it and no more. */
const ROLES: Record<string, { actions?: string[]; dataActions?: string[] }> = {
  read: { dataActions: [`${BLOBS}/read`] },
  write: { dataActions: [`${BLOBS}/read`, `${BLOBS}/write`] },
  instances: {
    actions: [
      `${SETS}/read`,
      `${SETS}/virtualMachines/read`,
      `${SETS}/virtualMachines/write`,
      `${SETS}/virtualMachines/delete`,
    ],
  },
  jobs: { actions: ['Microsoft.Automation/automationAccounts/jobs/write'] },
};

function assign(principalId: string, role: string, scope: string): RoleAssignment {
  const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${uuid(`${principalId} ${role} ${scope}`)}`;
  return { id, scope, principalId, roleDefinitionId: roleId(role) };
}

function roleId(role: string): string {
  return `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/${uuid(`role ${role}`)}`;
}

function containerId(name: string): string {
  return `${STORAGE}/blobServices/default/containers/${name}`;
}

export interface ModelOptions {
  min?: number;
  max?: number;
  capacity?: number;
  settings?: Partial<ScaleInSettings>;
  terminateNoticeMs?: number;
}

/** What the pool's runbook is told. */
export function poolSettings({ min = 1, settings = {} }: ModelOptions = {}): ScaleInSettings {
  return {
    pool: 'media',
    scaleSet: SET,
    store: `https://${STORE}.blob.core.windows.net`,
    minServing: min,
    maxDrains: 2,
    coolDownMs: 0,
    warmUpMs: 0,
    lowForMs: 0,
    warnAfterMs: 7_200_000,
    targetCpu: 0.5,
    requestMs: 2_000,
    ...settings,
  };
}

/** A pool as its stack provisions it. */
export async function poolModel(options: ModelOptions = {}): Promise<AzureModel> {
  const { min = 1, max = 4, capacity = min, terminateNoticeMs } = options;
  const endpoint = `http://127.0.0.1:${await new Ports().take()}`;
  const parameter = encodeScaleInSettings(poolSettings(options));
  const grow: AutoscaleRule = {
    comparison: 'GreaterThan',
    threshold: 50,
    windowMs: 300_000,
    statistic: 'Average',
    aggregation: 'Average',
    direction: 'Increase',
    by: 1,
    coolDownMs: 120_000,
  };
  const triggerUrl = `${endpoint}/workflows/wake/triggers/manual/paths/invoke?api-version=2016-10-01&sig=secret`;
  const job = `https://management.azure.com${ACCOUNT}/jobs/@{guid()}?api-version=2023-11-01`;
  return {
    subscription: SUBSCRIPTION,
    tenant: TENANT,
    location: 'westeurope',
    endpoint,
    accounts: [{ id: STORAGE, name: STORE }],
    containers: ['statuses', 'decisions', 'memory', 'software', 'secrets'].map((name) => ({
      account: STORE,
      name,
      id: containerId(name),
      isPublic: name === 'software',
    })),
    blobs: [{ account: STORE, container: 'secrets', name: 'wake-url', body: Buffer.from(triggerUrl) }],
    roles: Object.entries(ROLES).map(([name, { actions = [], dataActions = [] }]) => ({
      id: roleId(name),
      permissions: [{ actions, notActions: [], dataActions, notDataActions: [] }],
    })),
    assignments: [
      assign(NODE.principalId, 'write', containerId('statuses')),
      assign(NODE.principalId, 'read', containerId('decisions')),
      assign(NODE.principalId, 'read', containerId('secrets')),
      assign(NODE.principalId, 'read', containerId('software')),
      assign(RUNBOOK_IDENTITY.principalId, 'read', containerId('statuses')),
      assign(RUNBOOK_IDENTITY.principalId, 'write', containerId('decisions')),
      assign(RUNBOOK_IDENTITY.principalId, 'write', containerId('memory')),
      assign(RUNBOOK_IDENTITY.principalId, 'instances', SET),
      assign(LOGIC.principalId, 'jobs', ACCOUNT),
    ],
    scaleSets: [
      {
        id: SET,
        name: 'ebbtide-media',
        location: 'westeurope',
        zones: ['1', '2', '3'],
        capacity,
        vmSize: 'Standard_D4s_v5',
        tags: { 'ebbtide-pool': 'media' },
        customData: '#cloud-config\n',
        identities: [{ ...NODE, id: NODE_ID }],
        spot: false,
        ...(terminateNoticeMs === undefined ? {} : { terminateNoticeMs }),
      },
    ],
    autoscaleSettings: [
      { id: `${SET}/autoscale`, target: SET, enabled: true, min, max, initial: min, rules: [grow] },
    ],
    alerts: [
      {
        id: `${GROUP}/providers/Microsoft.Insights/metricAlerts/low`,
        name: 'low',
        scope: SET,
        enabled: true,
        comparison: 'LessThan',
        threshold: 40,
        aggregation: 'Average',
        windowMs: 300_000,
        everyMs: 60_000,
        stateful: false,
        actionGroups: [`${GROUP}/providers/microsoft.insights/actionGroups/wake`],
      },
    ],
    actionGroups: [
      {
        id: `${GROUP}/providers/Microsoft.Insights/actionGroups/wake`,
        enabled: true,
        calls: [{ name: 'wake', url: triggerUrl }],
      },
    ],
    workflows: [
      {
        id: `${GROUP}/providers/Microsoft.Logic/workflows/wake`,
        name: 'wake',
        enabled: true,
        identities: [LOGIC],
        triggerUrl,
        parameters: {},
        actions: [
          {
            name: 'job',
            method: 'PUT',
            uri: job,
            headers: {},
            body: { properties: { runbook: { name: 'scale-in' }, parameters: { settings: parameter } } },
            authentication: { audience: 'https://management.azure.com/' },
          },
        ],
      },
    ],
    automationAccounts: [{ id: ACCOUNT, name: 'ebbtide-media', identities: [RUNBOOK_IDENTITY] }],
    runbooks: [
      {
        id: `${ACCOUNT}/runbooks/scale-in`,
        account: ACCOUNT,
        name: 'scale-in',
        content: azureRunbook().code,
      },
    ],
    jobSchedules: [
      {
        id: `${ACCOUNT}/jobSchedules/1`,
        account: ACCOUNT,
        runbook: 'scale-in',
        everyMs: 3_600_000,
        offsetMs: 0,
        parameters: { settings: parameter },
      },
    ],
  };
}
