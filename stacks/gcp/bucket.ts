import { Bucket } from '@pulumi/gcp/storage/bucket.js';
import * as pulumi from '@pulumi/pulumi';
import { sha256Of } from '../bundle.ts';

export interface PoolBucketArgs {
  bucketName: string;
  region: string;
}

/** A status is written every 20 s: one of this age is of a machine that is long gone. */
const STATUS_DAYS = 7;
/** Longer than any drain. */
const DECISION_DAYS = 30;
/** What a roll says there concerns nobody after a day. */
const ROLL_DAYS = 2;

/** The pool's private store: the registry, and the software that nodes fetch. */
export class PoolBucket extends pulumi.ComponentResource {
  /** Known only when the bucket is there, so that whoever uses it waits for it. */
  readonly name: pulumi.Output<string>;
  /** Another one for each bucket that was ever made, and the same for as long as it is there. */
  readonly birth: pulumi.Output<string>;

  constructor(name: string, args: PoolBucketArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:gcp:PoolBucket', name, {}, options);
    const bucket = new Bucket(
      name,
      {
        name: args.bucketName,
        location: args.region.toUpperCase(),
        // Rights are the bucket's alone, which conditions need, and nobody can open it to the world.
        uniformBucketLevelAccess: true,
        publicAccessPrevention: 'enforced',
        // Nothing in it outlives the pool: destroy takes the objects along.
        forceDestroy: true,
        // Kept for a week by default, and paid for: each node overwrites its status every 20 s.
        softDeletePolicy: { retentionDurationSeconds: 0 },
        lifecycleRules: [
          expiry('statuses', STATUS_DAYS),
          expiry('decisions', DECISION_DAYS),
          expiry('memory/rolls', ROLL_DAYS),
        ],
      },
      { parent: this },
    );
    this.name = bucket.name;
    this.birth = bucket.timeCreated.apply((at) => sha256Of(at).slice(0, 8));
    this.registerOutputs({ name: this.name, birth: this.birth });
  }
}

function expiry(prefix: string, age: number) {
  return { action: { type: 'Delete' }, condition: { age, matchesPrefixes: [`${prefix}/`] } };
}
