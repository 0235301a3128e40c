import { MANAGER } from '../../fleet/azure/endpoints.ts';
import { Ports } from '../instance/ports.ts';
import { type Application, applyOnPaper, type Recorded } from '../pulumi/apply.ts';
import type { ExistingSet } from './data-sources.ts';
import type { AzureModel } from './model.ts';
import { createPaperAzure } from './paper.ts';
import { withManager } from './paper-manager.ts';
import { type Place, TENANT } from './place.ts';
import { createPrincipals, OPERATOR } from './principals.ts';
import { readModel } from './read-model.ts';

const TOKEN_MS = 3_600_000;

export interface AzureApplication extends Application {
  /** Resource groups that are there before the program. */
  resourceGroups?: readonly string[];
  /** Backend pools of load balancers that are there before the program, by their ids. */
  backendPools?: readonly string[];
  /** Scale sets that are there before the program. */
  scaleSets?: readonly ExistingSet[];
}

export interface Applied extends Recorded {
  model: AzureModel;
}

/** Applies a Pulumi program to a twin Azure, whose address is one that is free now. */
export async function applyProgram(application: AzureApplication): Promise<Applied> {
  const { config, resourceGroups = [], backendPools = [], scaleSets = [] } = application;
  const { 'azure-native:subscriptionId': subscription, 'azure-native:location': location } = config;
  if (subscription === undefined || location === undefined) {
    throw new Error(
      'azure-native:subscriptionId and azure-native:location must be set: the twin must know where it is',
    );
  }
  const endpoint = `http://127.0.0.1:${await new Ports().take()}`;
  const place: Place = { subscription, tenant: TENANT, location, endpoint };
  const model = readModel([], place);
  const principals = createPrincipals(Date.now);
  const managerToken = () => principals.issue(OPERATOR, MANAGER, TOKEN_MS).token;
  const sets = scaleSets.map(({ name, resourceGroup = name, tags, location: at = location }) => ({
    id: `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Compute/virtualMachineScaleSets/${name}`,
    name,
    location: at,
    tags,
  }));
  const paper = createPaperAzure({
    place,
    resourceGroups,
    backendPools,
    scaleSets: () => scaleSets,
    managerToken,
  });
  const recorded = await withManager(model, principals, sets, () => applyOnPaper(application, paper));
  return { ...recorded, model: readModel(recorded.resources, place) };
}
