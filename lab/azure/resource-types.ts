import { createHash } from 'node:crypto';
import { uuid } from '../cloud/identifiers.ts';
import type { Created, Inputs } from '../pulumi/resource.ts';
import type { Place } from './place.ts';

export type Create = (inputs: Inputs, seed: string, place: Place) => Created;

/** What the real provider answers for a new resource, beside its inputs. A type that is not here is refused. */
export function creatorOf(type: string): Create | undefined {
  return CREATORS[type];
}

const CREATORS: Readonly<Record<string, Create>> = {
  'azure-native:resources:ResourceGroup': ({ resourceGroupName }, _seed, { subscription }) => ({
    id: `/subscriptions/${subscription}/resourceGroups/${resourceGroupName}`,
    outputs: { name: resourceGroupName, properties: { provisioningState: 'Succeeded' } },
  }),
  'azure-native:storage:StorageAccount': storageAccount,
  'azure-native:storage:BlobContainer': (inputs, _seed, place) => {
    const { accountName, containerName } = inputs;
    const account = idIn(inputs, 'Microsoft.Storage/storageAccounts', accountName, place);
    return named(`${account}/blobServices/default/containers/${containerName}`, containerName);
  },
  'azure-native:storage:Blob': blob,
  'azure-native:storage:ManagementPolicy': (inputs, _seed, place) => {
    const account = idIn(inputs, 'Microsoft.Storage/storageAccounts', inputs.accountName, place);
    return named(`${account}/managementPolicies/${inputs.managementPolicyName}`, 'DefaultManagementPolicy');
  },
  'azure-native:authorization:RoleDefinition': ({ scope, roleDefinitionId }) =>
    named(`${scope}/providers/Microsoft.Authorization/roleDefinitions/${roleDefinitionId}`, roleDefinitionId),
  'azure-native:authorization:RoleAssignment': ({ scope, roleAssignmentName }) =>
    named(
      `${scope}/providers/Microsoft.Authorization/roleAssignments/${roleAssignmentName}`,
      roleAssignmentName,
    ),
  'azure-native:managedidentity:UserAssignedIdentity': identity,
  'azure-native:network:VirtualNetwork': inGroup('Microsoft.Network/virtualNetworks', 'virtualNetworkName'),
  'azure-native:network:NetworkSecurityGroup': inGroup(
    'Microsoft.Network/networkSecurityGroups',
    'networkSecurityGroupName',
  ),
  'azure-native:compute:VirtualMachineScaleSet': inGroup(
    'Microsoft.Compute/virtualMachineScaleSets',
    'vmScaleSetName',
  ),
  'azure-native:automation:AutomationAccount': inGroup(
    'Microsoft.Automation/automationAccounts',
    'automationAccountName',
  ),
  'azure-native:automation:RuntimeEnvironment': inAccount('runtimeEnvironments', 'runtimeEnvironmentName'),
  'azure-native:automation:Runbook': inAccount('runbooks', 'runbookName'),
  'azure-native:automation:Schedule': inAccount('schedules', 'scheduleName'),
  'azure-native:automation:JobSchedule': inAccount('jobSchedules', 'jobScheduleId'),
  'azure-native:logic:Workflow': inGroup('Microsoft.Logic/workflows', 'workflowName'),
  'azure-native:monitor:ActionGroup': inGroup('Microsoft.Insights/actionGroups', 'actionGroupName'),
  'azure-native:monitor:MetricAlert': inGroup('Microsoft.Insights/metricAlerts', 'ruleName'),
  'azure-native:monitor:AutoscaleSetting': inGroup(
    'Microsoft.Insights/autoscaleSettings',
    'autoscaleSettingName',
  ),
  'azure-native:monitor:ScheduledQueryRule': inGroup('Microsoft.Insights/scheduledQueryRules', 'ruleName'),
  'azure-native:monitor:DiagnosticSetting': ({ resourceUri, name }) =>
    named(`${resourceUri}/providers/Microsoft.Insights/diagnosticSettings/${name}`, name),
  'azure-native:operationalinsights:Workspace': inGroup(
    'Microsoft.OperationalInsights/workspaces',
    'workspaceName',
  ),
};

function named(id: string, name: unknown): Created {
  return { id, outputs: { name } };
}

function idIn({ resourceGroupName }: Inputs, type: string, name: unknown, { subscription }: Place): string {
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroupName}/providers/${type}/${name}`;
}

/** Of a resource group. `key`: where its name is given. */
function inGroup(type: string, key: string): Create {
  return (inputs, _seed, place) => named(idIn(inputs, type, inputs[key], place), inputs[key]);
}

/** Of an Automation account. */
function inAccount(kind: string, key: string): Create {
  return (inputs, _seed, place) => {
    const account = idIn(
      inputs,
      'Microsoft.Automation/automationAccounts',
      inputs.automationAccountName,
      place,
    );
    return named(`${account}/${kind}/${inputs[key]}`, inputs[key]);
  };
}

function storageAccount(inputs: Inputs, _seed: string, place: Place): Created {
  const { accountName } = inputs;
  return {
    id: idIn(inputs, 'Microsoft.Storage/storageAccounts', accountName, place),
    outputs: {
      name: accountName,
      primaryEndpoints: { blob: `https://${accountName}.blob.core.windows.net/` },
    },
  };
}

function blob(inputs: Inputs, _seed: string, place: Place): Created {
  const { accountName, containerName, blobName, source } = inputs;
  const account = idIn(inputs, 'Microsoft.Storage/storageAccounts', accountName, place);
  return {
    id: `${account}/blobServices/default/containers/${containerName}/blobs/${blobName}`,
    outputs: {
      name: blobName,
      url: `https://${accountName}.blob.core.windows.net/${containerName}/${blobName}`,
      ...(Buffer.isBuffer(source) ? { contentMd5: createHash('md5').update(source).digest('base64') } : {}),
    },
  };
}

function identity(inputs: Inputs, seed: string, place: Place): Created {
  const { resourceName } = inputs;
  return {
    id: idIn(inputs, 'Microsoft.ManagedIdentity/userAssignedIdentities', resourceName, place),
    outputs: {
      name: resourceName,
      principalId: uuid(`principal of ${seed}`),
      clientId: uuid(`client of ${seed}`),
      tenantId: place.tenant,
    },
  };
}
