import { BucketObject } from '@pulumi/gcp/storage/bucketObject.js';
import * as pulumi from '@pulumi/pulumi';
import { objectOptions, type Software } from '../software.ts';

export interface NodeSoftwareArgs {
  bucket: pulumi.Input<string>;
  software: Software;
}

/** What nodes fetch when they boot. */
export class NodeSoftware extends pulumi.ComponentResource {
  constructor(name: string, args: NodeSoftwareArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:gcp:NodeSoftware', name, {}, options);
    const made: pulumi.Resource[] = [];
    for (const [what, object] of Object.entries(args.software)) {
      if (object === undefined) continue;
      const resource = new BucketObject(
        `${name}-${what}`,
        { bucket: args.bucket, name: object.file.key, source: object.asset },
        { parent: this, ...objectOptions(object, made) },
      );
      made.push(resource);
    }
    this.registerOutputs();
  }
}
