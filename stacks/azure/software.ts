import { Blob } from '@pulumi/azure-native/storage/blob.js';
import * as pulumi from '@pulumi/pulumi';
import { objectOptions, type Software } from '../software.ts';
import type { AzureNames } from './names.ts';

export interface NodeSoftwareArgs {
  names: AzureNames;
  container: pulumi.Input<string>;
  software: Software;
}

/** What nodes fetch when they boot. */
export class NodeSoftware extends pulumi.ComponentResource {
  constructor(name: string, args: NodeSoftwareArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:azure:NodeSoftware', name, {}, options);
    const made: pulumi.Resource[] = [];
    for (const [what, object] of Object.entries(args.software)) {
      if (object === undefined) continue;
      const resource = new Blob(
        `${name}-${what}`,
        {
          resourceGroupName: args.names.resourceGroup,
          accountName: args.names.storage,
          containerName: args.container,
          // Its key begins with the container's name.
          blobName: object.file.key.slice(object.file.key.indexOf('/') + 1),
          source: object.asset,
        },
        { parent: this, ...objectOptions(object, made) },
      );
      made.push(resource);
    }
    this.registerOutputs();
  }
}
