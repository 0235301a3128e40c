import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import type { Bucket } from '../../aws/model.ts';
import { ofType } from '../../pulumi/reading.ts';
import type { RecordedResource } from '../../pulumi/resource.ts';
import type { ProvisionedObject, SpacesKey } from '../model.ts';

const bucketSchema = v.strictObject({
  name: v.string(),
  region: v.string(),
  acl: v.literal('private', 'whose objects are for nobody else'),
  forceDestroy: v.optional(v.boolean()),
  lifecycleRules: v.optional(v.array(v.unknown())),
  bucketDomainName: v.string(),
  bucketUrn: v.string(),
  endpoint: v.string(),
});
const objectSchema = v.strictObject({
  bucket: v.string(),
  region: v.string(),
  key: v.string(),
  acl: v.literal('private', 'which is for nobody else'),
  forceDestroy: v.optional(v.boolean()),
  /** The path of a file. */
  source: v.optional(v.string()),
  content: v.optional(v.string()),
  etag: v.optional(v.string()),
  contentType: v.optional(v.string()),
  versionId: v.optional(v.string()),
});
const keySchema = v.strictObject({
  name: v.string(),
  grants: v.array(
    v.strictObject({ bucket: v.string(), permission: v.picklist(['read', 'readwrite', 'fullaccess']) }),
  ),
  accessKey: v.string(),
  secretKey: v.string(),
  createdAt: v.string(),
});

export function readBuckets(resources: readonly RecordedResource[], spacesRegion: string): Bucket[] {
  return ofType(resources, ['digitalocean:index/spacesBucket:SpacesBucket'], bucketSchema).map(
    ({ name, is }) => {
      if (is.region !== spacesRegion)
        throw new Error(`"${name}" is in ${is.region}: the twin has its buckets in ${spacesRegion}`);
      return { name: is.name, arn: is.name };
    },
  );
}

export function readObjects(resources: readonly RecordedResource[]): ProvisionedObject[] {
  const type = 'digitalocean:index/spacesBucketObject:SpacesBucketObject';
  return ofType(resources, [type], objectSchema).map(({ is: { bucket, key, source, content = '' } }) => ({
    bucket,
    key,
    body: source === undefined ? Buffer.from(content) : readFileSync(source),
  }));
}

export function readSpacesKeys(resources: readonly RecordedResource[]): SpacesKey[] {
  return ofType(resources, ['digitalocean:index/spacesKey:SpacesKey'], keySchema).map(({ is }) => is);
}
