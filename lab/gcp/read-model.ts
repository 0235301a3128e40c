import type { RecordedResource } from '../pulumi/resource.ts';
import type { GcpModel } from './model.ts';
import type { Place } from './place.ts';
import { readFunctions, readJobs } from './reading/functions.ts';
import { readGroups } from './reading/groups.ts';
import { readBindings, readRoles, readServiceAccounts } from './reading/identity.ts';
import { readBuckets, readObjects, readSecrets } from './reading/storage.ts';

/** What was provisioned, as the twin simulates it. Throws, naming the resource, for what it would have to leave out. */
export function readModel(resources: readonly RecordedResource[], place: Place): GcpModel {
  return {
    ...place,
    buckets: readBuckets(resources),
    objects: readObjects(resources),
    secrets: readSecrets(resources),
    serviceAccounts: readServiceAccounts(resources),
    roles: readRoles(resources),
    bindings: readBindings(resources),
    functions: readFunctions(resources),
    jobs: readJobs(resources),
    groups: readGroups(resources, place),
  };
}
