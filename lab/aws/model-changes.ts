import { type Changes, compare } from '../cloud/changes.ts';
import type { AwsModel, Bucket, FunctionModel, Group, ProvisionedObject, Schedule } from './model.ts';

export interface ModelChanges {
  buckets: Changes<Bucket>;
  objects: Changes<ProvisionedObject>;
  functions: Changes<FunctionModel>;
  schedules: Changes<Schedule>;
  groups: Changes<Group>;
}

/** Pure: what is to be changed in a running twin. What is only looked up (parameters, roles, alarms) needs no change. */
export function changesOf(before: AwsModel, after: AwsModel): ModelChanges {
  return {
    buckets: compare(before.buckets, after.buckets, ({ name }) => name),
    objects: compare(before.objects, after.objects, ({ bucket, key }) => `${bucket}/${key}`),
    functions: compare(before.functions, after.functions, ({ arn }) => arn),
    schedules: compare(before.schedules, after.schedules, ({ arn }) => arn),
    groups: compare(before.groups, after.groups, ({ arn }) => arn),
  };
}
