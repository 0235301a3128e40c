import { type Applied, type AzureApplication, applyProgram } from '../../../../lab/azure/apply.ts';
import { SUBSCRIPTION } from '../../../../lab/azure/place.ts';
import { smallPool } from '../small-pool.ts';

export function applyPool(
  settings: Record<string, unknown> = {},
  there: Pick<AzureApplication, 'resourceGroups' | 'backendPools' | 'scaleSets'> = {},
): Promise<Applied> {
  const provider = { 'azure-native:subscriptionId': SUBSCRIPTION, 'azure-native:location': 'westeurope' };
  return applyProgram({ ...smallPool('azure', settings, provider), ...there });
}
