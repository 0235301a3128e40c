import { isAbsolute, resolve } from 'node:path';
import { BucketObjectv2 } from '@pulumi/aws/s3/index.js';
import * as pulumi from '@pulumi/pulumi';
import { type Bundle, repositoryRoot } from '../bundle.ts';
import type { Settings } from '../settings.ts';
import type { SoftwareFile } from './node-user-data.ts';

export interface NodeSoftwareArgs {
  bucket: pulumi.Input<string>;
  agent: Bundle;
  artifact: Settings['media']['artifact'];
}

/**
 * What nodes fetch when they boot, under keys that change with the content: a node finds what its template pinned for as
 * long as there is such a template, and verifies it.
 */
export class NodeSoftware extends pulumi.ComponentResource {
  readonly agent: SoftwareFile;
  readonly media: SoftwareFile;

  constructor(name: string, args: NodeSoftwareArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:aws:NodeSoftware', name, {}, options);
    const { file, url, sha256, member } = args.artifact;
    this.agent = {
      key: `software/ebbtide-agent-${args.agent.sha256.slice(0, 16)}.cjs`,
      sha256: args.agent.sha256,
    };
    this.media = {
      key: `software/media-${sha256.slice(0, 16)}`,
      sha256,
      ...(member === undefined ? {} : { member }),
    };

    // An object that a running node's template names must stay until no such node boots any more: a new content is a
    // new object, made before the old one goes.
    new BucketObjectv2(
      `${name}-agent`,
      {
        bucket: args.bucket,
        key: this.agent.key,
        source: new pulumi.asset.StringAsset(args.agent.code),
        ...UNTAGGED,
      },
      { parent: this },
    );
    new BucketObjectv2(
      `${name}-media`,
      { bucket: args.bucket, key: this.media.key, source: mediaAsset(file, url), ...UNTAGGED },
      { parent: this },
    );
    this.registerOutputs();
  }
}

/** S3 takes 10 tags on an object, and everything else takes more: the bucket has them. */
const UNTAGGED = { overrideProvider: { defaultTags: { tags: {} } } };

function mediaAsset(file: string | undefined, url: string | undefined): pulumi.asset.Asset {
  if (url !== undefined) return new pulumi.asset.RemoteAsset(url);
  if (file === undefined) throw new Error('an artifact has a file or a url');
  return new pulumi.asset.FileAsset(isAbsolute(file) ? file : resolve(repositoryRoot, file));
}
