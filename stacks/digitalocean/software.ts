import { SpacesBucketObject } from '@pulumi/digitalocean/spacesBucketObject.js';
import * as pulumi from '@pulumi/pulumi';
import type { Bundler } from '../bundle.ts';
import { objectOptions, type Software } from '../software.ts';
import type { PoolStore } from './store.ts';

export interface NodeSoftwareArgs {
  store: PoolStore;
  region: string;
  software: Software;
  /** Spaces' objects come from files. */
  fileOf: Bundler['fileOf'];
}

/** What nodes fetch when they boot. */
export class NodeSoftware extends pulumi.ComponentResource {
  constructor(name: string, args: NodeSoftwareArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:digitalocean:NodeSoftware', name, {}, options);
    const { store, region, software, fileOf } = args;
    const made: pulumi.Resource[] = [];
    for (const [what, object] of Object.entries(software)) {
      if (object === undefined) continue;
      const { key, sha256 } = object.file;
      const resource = new SpacesBucketObject(
        // Another content is another object, made before this one goes.
        object.isFixed ? `${name}-${what}` : `${name}-${what}-${sha256.slice(0, 16)}`,
        {
          bucket: store.buckets.code,
          region,
          key,
          acl: 'private',
          source: fileOf(object.asset, sha256, { fetch: !pulumi.runtime.isDryRun() }),
        },
        {
          parent: this,
          provider: store.provider,
          ...objectOptions(object, made),
          // On another machine the same file lies elsewhere.
          ...(object.isFixed ? {} : { ignoreChanges: ['source'] }),
        },
      );
      made.push(resource);
    }
    this.registerOutputs();
  }
}
