import { BucketObjectv2 } from '@pulumi/aws/s3/index.js';
import * as pulumi from '@pulumi/pulumi';
import { objectOptions, type Software } from '../software.ts';

export interface NodeSoftwareArgs {
  bucket: pulumi.Input<string>;
  software: Software;
}

/** What nodes fetch when they boot. */
export class NodeSoftware extends pulumi.ComponentResource {
  constructor(name: string, args: NodeSoftwareArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:aws:NodeSoftware', name, {}, options);
    const made: pulumi.Resource[] = [];
    for (const [what, object] of Object.entries(args.software)) {
      if (object === undefined) continue;
      const resource = new BucketObjectv2(
        `${name}-${what}`,
        { bucket: args.bucket, key: object.file.key, source: object.asset, ...UNTAGGED },
        { parent: this, ...objectOptions(object, made) },
      );
      made.push(resource);
    }
    this.registerOutputs();
  }
}

/** S3 takes 10 tags on an object, and everything else takes more: the bucket has them. */
export const UNTAGGED = { overrideProvider: { defaultTags: { tags: {} } } };
