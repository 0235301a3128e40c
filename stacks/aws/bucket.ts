import {
  Bucket,
  BucketLifecycleConfiguration,
  BucketPolicy,
  BucketPublicAccessBlock,
  BucketServerSideEncryptionConfiguration,
} from '@pulumi/aws/s3/index.js';
import * as pulumi from '@pulumi/pulumi';
import { policyDocument } from './policy.ts';

export interface PoolBucketArgs {
  prefix: string;
}

/** A status is written every 20 s: one of this age is of a machine that is long gone. */
const STATUS_DAYS = 7;
/** Longer than any drain. */
const DECISION_DAYS = 30;
/** What a roll says there concerns nobody after a day. */
const ROLL_DAYS = 2;

/** The pool's private store: the registry, and the software that nodes fetch. */
export class PoolBucket extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: PoolBucketArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:aws:PoolBucket', name, {}, options);
    // Nothing in it outlives the pool: destroy takes the objects along.
    const bucket = new Bucket(name, { bucketPrefix: args.prefix, forceDestroy: true }, { parent: this });

    const block = new BucketPublicAccessBlock(
      `${name}-private`,
      {
        bucket: bucket.bucket,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      { parent: this },
    );
    new BucketServerSideEncryptionConfiguration(
      `${name}-encryption`,
      { bucket: bucket.bucket, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }] },
      { parent: this },
    );
    new BucketPolicy(
      `${name}-tls`,
      {
        bucket: bucket.bucket,
        policy: policyDocument([
          {
            Sid: 'OnlyOverTls',
            Effect: 'Deny',
            Principal: '*',
            Action: ['s3:*'],
            Resource: [bucket.arn, pulumi.interpolate`${bucket.arn}/*`],
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ]),
      },
      // AWS answers a policy and an access block at the same time with a conflict.
      { parent: this, dependsOn: block },
    );
    new BucketLifecycleConfiguration(
      `${name}-expiry`,
      {
        bucket: bucket.bucket,
        rules: [
          expiry('statuses', STATUS_DAYS),
          expiry('decisions', DECISION_DAYS),
          expiry('memory/rolls', ROLL_DAYS),
          {
            id: 'unfinished-uploads',
            status: 'Enabled',
            filter: { prefix: '' },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
          },
        ],
      },
      { parent: this },
    );

    this.name = bucket.bucket;
    this.arn = bucket.arn;
    this.registerOutputs({ name: this.name, arn: this.arn });
  }
}

function expiry(prefix: string, days: number) {
  return {
    id: prefix.replace('/', '-'),
    status: 'Enabled',
    filter: { prefix: `${prefix}/` },
    expiration: { days },
  };
}
