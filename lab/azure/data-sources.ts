import { hexId } from '../cloud/identifiers.ts';
import { Absent } from '../pulumi/paper-cloud.ts';
import type { Inputs } from '../pulumi/resource.ts';
import { answerBackendCall, type BackendWorld } from './backend-pools.ts';
import { sameId } from './ids.ts';
import type { Place } from './place.ts';

/** A scale set that is there. */
export interface ExistingSet {
  name: string;
  /** The one that is its pool's own, which is called like it, unless told. */
  resourceGroup?: string;
  tags: Record<string, string>;
  capacity: number;
  /** Where the twin is, unless told. */
  location?: string;
  zones?: readonly string[];
}

/** What is there before the program, or beside it. */
export interface CallWorld extends BackendWorld {
  /** Resource groups that are there before the program. */
  resourceGroups?: readonly string[];
  scaleSets(): readonly ExistingSet[];
  /** Of whoever works on the subscription, for the resource manager. */
  managerToken(): string;
}

/** What the real provider's data sources answer. One that is not here is refused, as is a thing that does not exist. */
export function answerCall(token: string, inputs: Inputs, world: CallWorld): Inputs {
  const answer = CALLS[token];
  if (!answer) {
    throw new Error(`the twin Azure does not know the call ${token}: teach it in lab/azure/data-sources.ts`);
  }
  return { ...inputs, ...answer(inputs, world) };
}

const CALLS: Readonly<Record<string, (inputs: Inputs, world: CallWorld) => Inputs>> = {
  'azure-native:resources:getResourceGroup': ({ resourceGroupName }, { place, resourceGroups = [] }) => {
    if (!resourceGroups.includes(String(resourceGroupName))) {
      throw new Absent(
        `Code="ResourceGroupNotFound" Message="Resource group '${resourceGroupName}' could not be found."`,
      );
    }
    return {
      id: `/subscriptions/${place.subscription}/resourceGroups/${resourceGroupName}`,
      name: resourceGroupName,
      location: place.location,
    };
  },
  'azure-native:compute:getVirtualMachineScaleSet': (
    { resourceGroupName, vmScaleSetName },
    { place, scaleSets },
  ) => {
    const group = String(resourceGroupName);
    const found = scaleSets().find(
      ({ name, resourceGroup = name }) => name === vmScaleSetName && sameId(resourceGroup, group),
    );
    if (found === undefined) {
      throw new Absent(`Code="ResourceNotFound" Message="The Resource '${vmScaleSetName}' was not found."`);
    }
    const { name, tags, capacity, location = place.location, zones } = found;
    return { name, tags, location, sku: { capacity }, ...(zones && { zones: [...zones] }) };
  },
  'azure-native:network:getLoadBalancer': answerBackendCall,
  'azure-native:network:getApplicationGateway': answerBackendCall,
  'azure-native:network:getSubnet': ({ subnetName }) => ({ name: subnetName, addressPrefix: '10.9.0.0/24' }),
  'azure-native:authorization:getClientToken': (_, { managerToken }) => ({ token: managerToken() }),
  'azure-native:storage:listStorageAccountServiceSAS': ({
    canonicalizedResource,
    permissions,
    sharedAccessExpiryTime,
  }) => ({
    serviceSasToken: `sv=2015-04-05&sr=b&sp=${permissions}&se=${sharedAccessExpiryTime}&sig=${hexId(`SAS of ${canonicalizedResource}`, 40)}`,
  }),
  'azure-native:logic:listWorkflowTriggerCallbackUrl': ({ workflowName, triggerName }, { place }) => ({
    value: triggerUrl(place, String(workflowName), String(triggerName)),
    method: 'POST',
  }),
};

/** Where a request trigger answers. Its signature is the secret. */
export function triggerUrl({ endpoint, subscription }: Place, workflow: string, trigger: string): string {
  const sig = hexId(`signature of ${subscription} ${workflow} ${trigger}`, 43);
  const id = hexId(`${subscription} ${workflow}`, 32);
  return `${endpoint}/workflows/${id}/triggers/${trigger}/paths/invoke?api-version=2016-10-01&sp=%2Ftriggers%2F${trigger}%2Frun&sv=1.0&sig=${sig}`;
}
