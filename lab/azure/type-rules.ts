import type { RulesByType } from '../pulumi/provider/type-rules.ts';

/** As the provider's schema says: changing these makes a thing anew. Names and places are fixed for all of them. */
export const AZURE_RULES: RulesByType = {
  'azure-native:resources:ResourceGroup': { replaces: ['resourceGroupName', 'location'] },
  'azure-native:storage:StorageAccount': { replaces: ['accountName', 'resourceGroupName', 'location'] },
  'azure-native:storage:BlobContainer': { replaces: ['containerName', 'accountName', 'resourceGroupName'] },
  'azure-native:storage:Blob': {
    defaults: { type: 'Block' },
    replaces: ['blobName', 'containerName', 'accountName', 'resourceGroupName', 'source'],
    renewed: ['contentMd5'],
  },
  'azure-native:storage:ManagementPolicy': { replaces: ['accountName', 'resourceGroupName'] },
  'azure-native:authorization:RoleDefinition': { replaces: ['roleDefinitionId', 'scope'] },
  'azure-native:authorization:RoleAssignment': {
    replaces: ['roleAssignmentName', 'scope', 'roleDefinitionId', 'principalId', 'principalType'],
  },
  'azure-native:managedidentity:UserAssignedIdentity': {
    replaces: ['resourceName', 'resourceGroupName', 'location'],
  },
  'azure-native:network:VirtualNetwork': {
    replaces: ['virtualNetworkName', 'resourceGroupName', 'location'],
  },
  'azure-native:network:NetworkSecurityGroup': {
    replaces: ['networkSecurityGroupName', 'resourceGroupName', 'location'],
  },
  'azure-native:compute:VirtualMachineScaleSet': {
    replaces: ['vmScaleSetName', 'resourceGroupName', 'location', 'zones'],
  },
  'azure-native:automation:AutomationAccount': { replaces: ['automationAccountName', 'resourceGroupName'] },
  'azure-native:automation:RuntimeEnvironment': {
    replaces: ['runtimeEnvironmentName', 'automationAccountName'],
  },
  'azure-native:automation:Runbook': { replaces: ['runbookName', 'automationAccountName'] },
  'azure-native:automation:Schedule': { replaces: ['scheduleName', 'automationAccountName'] },
  'azure-native:automation:JobSchedule': {
    replaces: ['jobScheduleId', 'automationAccountName', 'runbook', 'schedule', 'parameters'],
  },
  'azure-native:logic:Workflow': { replaces: ['workflowName', 'resourceGroupName'] },
  'azure-native:monitor:ActionGroup': { replaces: ['actionGroupName', 'resourceGroupName'] },
  'azure-native:monitor:MetricAlert': { replaces: ['ruleName', 'resourceGroupName'] },
  'azure-native:monitor:AutoscaleSetting': { replaces: ['autoscaleSettingName', 'resourceGroupName'] },
  'azure-native:monitor:ScheduledQueryRule': { replaces: ['ruleName', 'resourceGroupName'] },
  'azure-native:monitor:DiagnosticSetting': { replaces: ['name', 'resourceUri'] },
  'azure-native:operationalinsights:Workspace': { replaces: ['workspaceName', 'resourceGroupName'] },
};
