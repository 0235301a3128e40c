import { BucketObject } from '@pulumi/gcp/storage/bucketObject.js';
import * as pulumi from '@pulumi/pulumi';
import type { Software } from '../software.ts';

export interface NodeSoftwareArgs {
  bucket: pulumi.Input<string>;
  software: Software;
}

/** What nodes fetch when they boot. */
export class NodeSoftware extends pulumi.ComponentResource {
  constructor(name: string, args: NodeSoftwareArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:gcp:NodeSoftware', name, {}, options);
    for (const [what, object] of Object.entries(args.software)) {
      if (object === undefined) continue;
      new BucketObject(
        `${name}-${what}`,
        { bucket: args.bucket, name: object.file.key, source: object.asset },
        { parent: this },
      );
    }
    this.registerOutputs();
  }
}
