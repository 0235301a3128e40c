import * as v from 'valibot';
import type { RecordedResource } from '../../pulumi/resource.ts';
import { arn, type Place } from '../identifiers.ts';
import type { Bucket, Parameter, ProvisionedObject } from '../model.ts';
import { parsePolicy } from '../policy-document.ts';
import { INERT, ofType, policyText } from './resources.ts';

const buffer = v.instance(Buffer);
const bucketSchema = v.object({ bucket: v.string() });
const bucketPolicySchema = v.object({ bucket: v.string(), policy: policyText });
const objectSchema = v.object({
  bucket: v.string(),
  key: v.string(),
  source: v.optional(buffer),
  content: v.optional(v.string()),
  contentBase64: v.optional(v.string()),
});
const parameterSchema = v.strictObject({
  ...INERT,
  name: v.string(),
  type: v.picklist(['String', 'StringList', 'SecureString']),
  value: v.string(),
  tier: v.optional(v.string()),
  dataType: v.optional(v.string()),
  overwrite: v.optional(v.boolean()),
  allowedPattern: v.optional(v.string()),
});

export function readBuckets(resources: readonly RecordedResource[], place: Place): Bucket[] {
  const policies = ofType(resources, ['aws:s3/bucketPolicy:BucketPolicy'], bucketPolicySchema);
  return ofType(resources, ['aws:s3/bucket:Bucket', 'aws:s3/bucketV2:BucketV2'], bucketSchema).map(
    ({ is }) => {
      const policy = policies.find((each) => each.is.bucket === is.bucket);
      return {
        name: is.bucket,
        arn: arn(place, 's3', is.bucket),
        ...(policy ? { policy: parsePolicy(policy.is.policy, policy.name) } : {}),
      };
    },
  );
}

export function readObjects(resources: readonly RecordedResource[]): ProvisionedObject[] {
  const types = ['aws:s3/bucketObject:BucketObject', 'aws:s3/bucketObjectv2:BucketObjectv2'];
  return ofType(resources, types, objectSchema).map(({ is }) => ({
    bucket: is.bucket,
    key: is.key,
    body:
      is.source ??
      (is.contentBase64 ? Buffer.from(is.contentBase64, 'base64') : Buffer.from(is.content ?? '')),
  }));
}

export function readParameters(resources: readonly RecordedResource[]): Parameter[] {
  return ofType(resources, ['aws:ssm/parameter:Parameter'], parameterSchema).map(({ arn: own, is }) => ({
    name: is.name,
    arn: own,
    type: is.type,
    value: is.value,
  }));
}
