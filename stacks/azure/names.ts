import { sha256Of } from '../bundle.ts';
import { stableGuid } from '../stable-guid.ts';

export interface AzurePlace {
  subscriptionId: string;
  resourceGroup: string;
}

/**
 * The names of a pool's things on Azure, and their ids. They are fixed, not generated: rights and settings name things
 * before they exist. All live in one resource group. `existing`: of the operator's own scale set, which has its names already.
 */
export function azureNames(
  pool: string,
  { subscriptionId, resourceGroup }: AzurePlace,
  existing?: ExistingNames,
) {
  const name = `ebbtide-${pool}`;
  const whole = `${subscriptionId}/${resourceGroup}/${pool}`.toLowerCase();
  const hash = sha256Of(whole);
  const groupId = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
  const idOf = (type: string, of: string) => `${groupId}/providers/${type}/${of}`;
  /** All the world's storage accounts share one space of names, of letters and digits. */
  const storage = `ebbtide${hash.slice(0, 16)}`;
  const identityOf = (who: string) => `${name}-${who}`;
  const scaleSet = existing?.scaleSet ?? name;
  const storageId = idOf('Microsoft.Storage/storageAccounts', storage);
  return {
    resourceGroup,
    groupId,
    scaleSet,
    scaleSetId: idOf('Microsoft.Compute/virtualMachineScaleSets', scaleSet),
    /** Azure puts six letters and digits behind it. */
    computerPrefix: name,
    network: name,
    securityGroup: name,
    storage,
    storageUrl: `https://${storage}.blob.core.windows.net`,
    container: (container: string) => `${storageId}/blobServices/default/containers/${container}`,
    automation: name,
    automationId: idOf('Microsoft.Automation/automationAccounts', name),
    runbook: `${name}-scale-in`,
    wake: `${name}-wake`,
    autoscale: existing?.autoscale ?? name,
    /** Azure keeps a deleted one for 14 days, and makes none of its name elsewhere meanwhile. */
    logs: (location: string) => `${name}-${location}`,
    identity: identityOf,
    /** By which a node is somebody. */
    nodeIdentity:
      existing?.identity.id ?? idOf('Microsoft.ManagedIdentity/userAssignedIdentities', identityOf('node')),
    alert: (what: string) => `${name}-${what}`,
    /** Roles are known by their names to a whole directory. */
    roleName: (what: string) => `Ebbtide pool ${pool}: ${what} (${hash.slice(0, 8)})`,
    guid: (...what: string[]) => stableGuid(whole, ...what),
  };
}

/** Of a set that has no autoscale setting nothing reads any. */
interface ExistingNames {
  scaleSet: string;
  autoscale: string | undefined;
  identity: { id: string };
}

export type AzureNames = ReturnType<typeof azureNames>;
