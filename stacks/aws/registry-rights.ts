import * as pulumi from '@pulumi/pulumi';
import type { Statement } from './policy.ts';

/** What a function needs of the registry: to read how nodes are, and to read and write decisions and its memory. */
export function registryRights(bucketArn: pulumi.Output<string>): Statement[] {
  return [
    {
      // Also for single reads: without it S3 answers 403 where there is nothing yet. Whether such a read carries the
      // key as its prefix is not documented, so the condition holds where there is no prefix too.
      Sid: 'ListRegistry',
      Action: ['s3:ListBucket'],
      Resource: [bucketArn],
      Condition: { StringLikeIfExists: { 's3:prefix': ['statuses/*', 'decisions/*', 'memory/*'] } },
    },
    {
      Sid: 'ReadRegistry',
      Action: ['s3:GetObject'],
      Resource: ['statuses', 'decisions', 'memory'].map(
        (prefix) => pulumi.interpolate`${bucketArn}/${prefix}/*`,
      ),
    },
    {
      Sid: 'WriteDecisionsAndMemory',
      Action: ['s3:PutObject'],
      Resource: ['decisions', 'memory'].map((prefix) => pulumi.interpolate`${bucketArn}/${prefix}/*`),
    },
  ];
}
