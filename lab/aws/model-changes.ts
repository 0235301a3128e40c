import { isDeepStrictEqual } from 'node:util';
import type { AwsModel, Bucket, FunctionModel, Group, ProvisionedObject, Schedule } from './model.ts';

/** What became of the things of one kind. A thing that stayed as it was is in none of the lists. */
export interface Changes<Thing> {
  added: Thing[];
  changed: { before: Thing; after: Thing }[];
  removed: Thing[];
}

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

/** Of two lists whose things are the same where their keys are. */
export function compare<Thing>(
  before: readonly Thing[],
  after: readonly Thing[],
  keyOf: (thing: Thing) => string,
): Changes<Thing> {
  const earlier = new Map(before.map((thing) => [keyOf(thing), thing]));
  const later = new Set(after.map(keyOf));
  const changes: Changes<Thing> = {
    added: [],
    changed: [],
    removed: before.filter((thing) => !later.has(keyOf(thing))),
  };
  for (const thing of after) {
    const old = earlier.get(keyOf(thing));
    if (old === undefined) changes.added.push(thing);
    else if (!isDeepStrictEqual(old, thing)) changes.changed.push({ before: old, after: thing });
  }
  return changes;
}

/** The members of a thing that are no longer as they were: a change says nothing of the others. */
export function changedMembers<Thing extends object>(before: Thing, after: Thing): Partial<Thing> {
  const members: Partial<Thing> = { ...after };
  for (const key of Object.keys(after) as (keyof Thing)[]) {
    if (isDeepStrictEqual(before[key], after[key])) delete members[key];
  }
  return members;
}
