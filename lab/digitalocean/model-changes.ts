import type { Bucket } from '../aws/model.ts';
import { type Changes, compare } from '../cloud/changes.ts';
import type { OceanModel, ProvisionedObject } from './model.ts';

export interface ModelChanges {
  tags: Changes<string>;
  buckets: Changes<Bucket>;
  objects: Changes<ProvisionedObject>;
}

/** Pure: what is to be changed in a running twin. What is only looked up needs no change. */
export function changesOf(
  before: Pick<OceanModel, 'tags' | 'buckets' | 'objects'>,
  after: OceanModel,
): ModelChanges {
  return {
    tags: compare(before.tags, after.tags, (tag) => tag.toLowerCase()),
    buckets: compare(before.buckets, after.buckets, ({ name }) => name),
    objects: compare(before.objects, after.objects, ({ bucket, key }) => `${bucket}/${key}`),
  };
}
