import { type Changes, compare } from '../cloud/changes.ts';
import type { Bucket, FunctionModel, GcpModel, Group, Job, ProvisionedObject } from './model.ts';

export interface ModelChanges {
  buckets: Changes<Bucket>;
  objects: Changes<ProvisionedObject>;
  functions: Changes<FunctionModel>;
  jobs: Changes<Job>;
  groups: Changes<Group>;
}

/** Pure: what is to be changed in a running twin. What is only looked up (secrets, roles, bindings) needs no change. */
export function changesOf(before: GcpModel, after: GcpModel): ModelChanges {
  return {
    buckets: compare(before.buckets, after.buckets, ({ name }) => name),
    objects: compare(before.objects, after.objects, ({ bucket, key }) => `${bucket}/${key}`),
    functions: compare(before.functions, after.functions, ({ name }) => name),
    jobs: compare(before.jobs, after.jobs, ({ name }) => name),
    groups: compare(before.groups, after.groups, ({ name }) => name),
  };
}
