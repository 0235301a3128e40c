import * as azure from '@pulumi/azure-native/provider.js';

export interface AzureProviderArgs {
  subscriptionId: string;
  location: string;
  tenantId?: string | undefined;
}

/** The one provider that a pool's resources are made with. */
export function createAzureProvider({ tenantId, ...place }: AzureProviderArgs): azure.Provider {
  return new azure.Provider('azure', { ...place, ...(tenantId === undefined ? {} : { tenantId }) });
}
