import * as v from 'valibot';
import { ofType } from '../../pulumi/reading.ts';
import type { RecordedResource } from '../../pulumi/resource.ts';
import type { Bucket, ProvisionedObject, Secret } from '../model.ts';
import { INERT } from './inert.ts';

const bucketSchema = v.object({
  name: v.string(),
  uniformBucketLevelAccess: v.literal(true, 'conditions need uniform access'),
});
const objectSchema = v.object({
  bucket: v.string(),
  name: v.string(),
  source: v.optional(v.union([v.instance(Buffer), v.record(v.string(), v.instance(Buffer))])),
  content: v.optional(v.string(), ''),
});
const secretSchema = v.object({ secretId: v.string() });
const versionSchema = v.strictObject({
  ...INERT,
  name: v.string(),
  secret: v.string(),
  secretData: v.string(),
  version: v.string(),
  enabled: v.boolean(),
  deletionPolicy: v.optional(v.literal('DELETE', 'the twin deletes what is deleted')),
});

export function readBuckets(resources: readonly RecordedResource[]): Bucket[] {
  return ofType(resources, ['gcp:storage/bucket:Bucket'], bucketSchema).map(({ is }) => ({ name: is.name }));
}

export function readObjects(resources: readonly RecordedResource[]): ProvisionedObject[] {
  return ofType(resources, ['gcp:storage/bucketObject:BucketObject'], objectSchema).map(({ is }) => ({
    bucket: is.bucket,
    key: is.name,
    body: bodyOf(is.source, is.content),
  }));
}

/** Of an archive nobody reads the bytes: its function is unpacked from what it was made of. */
function bodyOf(source: Buffer | Record<string, Buffer> | undefined, content: string): Buffer {
  if (source === undefined) return Buffer.from(content);
  return Buffer.isBuffer(source) ? source : Buffer.concat(Object.values(source));
}

export function readSecrets(resources: readonly RecordedResource[]): Secret[] {
  const versions = ofType(resources, ['gcp:secretmanager/secretVersion:SecretVersion'], versionSchema);
  return ofType(resources, ['gcp:secretmanager/secret:Secret'], secretSchema).map(({ id, is }) => ({
    name: is.secretId,
    versions: versions.filter((each) => each.is.secret === id).map((each) => Buffer.from(each.is.secretData)),
  }));
}
