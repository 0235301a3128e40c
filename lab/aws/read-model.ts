import type { RecordedResource } from '../pulumi/resource.ts';
import type { ExistingNetwork } from './data-sources.ts';
import type { Place } from './identifiers.ts';
import type { AwsModel } from './model.ts';
import { readAlarms, readFunctions, readSchedules } from './reading/functions.ts';
import { readGroups } from './reading/groups.ts';
import { readRoles } from './reading/identity.ts';
import { readBuckets, readObjects, readParameters } from './reading/storage.ts';

/** What was provisioned, as the twin simulates it. Throws, naming the resource, for what it would have to leave out. */
export function readModel(
  resources: readonly RecordedResource[],
  place: Place,
  existing: readonly ExistingNetwork[] = [],
): AwsModel {
  return {
    ...place,
    buckets: readBuckets(resources, place),
    objects: readObjects(resources),
    parameters: readParameters(resources),
    roles: readRoles(resources),
    functions: readFunctions(resources),
    schedules: readSchedules(resources),
    alarms: readAlarms(resources),
    groups: readGroups(resources, place, existing),
    targetGroups: existing.flatMap(({ targetGroups = [] }) => targetGroups),
  };
}
