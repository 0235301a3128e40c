import type { RecordedResource } from '../pulumi/resource.ts';
import type { AzureModel } from './model.ts';
import type { Place } from './place.ts';
import { readAutomationAccounts, readJobSchedules, readRunbooks } from './reading/automation.ts';
import { readAssignments, readRoles } from './reading/identity.ts';
import { readActionGroups, readAlerts, readAutoscale } from './reading/monitor.ts';
import { readScaleSets } from './reading/scale-sets.ts';
import { readAccounts, readBlobs, readContainers } from './reading/storage.ts';
import { readWorkflows } from './reading/workflows.ts';

/** What was provisioned, as the twin simulates it. Throws, naming the resource, for what it would have to leave out. */
export function readModel(resources: readonly RecordedResource[], place: Place): AzureModel {
  return {
    ...place,
    accounts: readAccounts(resources),
    containers: readContainers(resources),
    blobs: readBlobs(resources),
    roles: readRoles(resources),
    assignments: readAssignments(resources),
    scaleSets: readScaleSets(resources),
    autoscaleSettings: readAutoscale(resources),
    alerts: readAlerts(resources),
    actionGroups: readActionGroups(resources),
    workflows: readWorkflows(resources, place),
    automationAccounts: readAutomationAccounts(resources),
    runbooks: readRunbooks(resources),
    jobSchedules: readJobSchedules(resources),
  };
}
