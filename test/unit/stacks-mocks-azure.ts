export const SUBSCRIPTION = '11111111-2222-3333-4444-555555555555';

/** Under which input each type of Azure has its name, which is an output too. */
const NAMES: Record<string, string> = {
  'azure-native:resources:ResourceGroup': 'resourceGroupName',
  'azure-native:storage:StorageAccount': 'accountName',
  'azure-native:storage:BlobContainer': 'containerName',
  'azure-native:compute:VirtualMachineScaleSet': 'vmScaleSetName',
  'azure-native:automation:AutomationAccount': 'automationAccountName',
  'azure-native:automation:RuntimeEnvironment': 'runtimeEnvironmentName',
  'azure-native:automation:Runbook': 'runbookName',
  'azure-native:automation:Schedule': 'scheduleName',
  'azure-native:logic:Workflow': 'workflowName',
};

/** What Azure tells of a thing that it has made, as far as the program asks. */
export function azureOutputs(
  type: string,
  name: string,
  inputs: Record<string, unknown>,
): Record<string, unknown> {
  const named = { name: inputs[NAMES[type] ?? 'name'] ?? name };
  switch (type) {
    case 'azure-native:storage:StorageAccount':
      return { ...named, primaryEndpoints: { blob: `https://${inputs.accountName}.blob.core.windows.net/` } };
    case 'azure-native:managedidentity:UserAssignedIdentity':
      return {
        ...named,
        principalId: `principal of ${inputs.resourceName}`,
        clientId: `client of ${inputs.resourceName}`,
      };
    default:
      return named;
  }
}

export function azureAnswer(token: string, inputs: Record<string, unknown>): Record<string, unknown> {
  switch (token) {
    case 'azure-native:compute:getVirtualMachineScaleSet':
      throw new Error(`Code="ResourceNotFound" Message="${inputs.vmScaleSetName} was not found"`);
    case 'azure-native:authorization:getClientToken':
      // With one, the program would look at the real Azure.
      throw new Error('no token under mocks');
    case 'azure-native:resources:getResourceGroup':
      return { name: inputs.resourceGroupName };
    case 'azure-native:storage:listStorageAccountServiceSAS':
      return { serviceSasToken: `sig=of:${inputs.canonicalizedResource}` };
    case 'azure-native:logic:listWorkflowTriggerCallbackUrl':
      return { value: `https://logic.example/${inputs.workflowName}/${inputs.triggerName}?sig=secret` };
    default:
      throw new Error(`no answer to ${token}`);
  }
}
