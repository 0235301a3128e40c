import { isAbsolute, resolve } from 'node:path';
import { BucketObjectv2 } from '@pulumi/aws/s3/index.js';
import * as pulumi from '@pulumi/pulumi';
import { type Bundle, repositoryRoot } from '../bundle.ts';
import type { SoftwareFile } from '../node-file.ts';
import type { AwsSettings } from './settings.ts';

export interface NodeSoftwareArgs {
  bucket: pulumi.Input<string>;
  agent: Bundle;
  media: AwsSettings['media'];
}

/**
 * What nodes fetch when they boot, under keys that change with the content: a node finds what its template pinned for as
 * long as there is such a template, and verifies it.
 */
export class NodeSoftware extends pulumi.ComponentResource {
  readonly agent: SoftwareFile;
  /** The media server itself, or the script that sets it up; undefined where a node gets it elsewhere. */
  readonly media: SoftwareFile | undefined;

  constructor(name: string, args: NodeSoftwareArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:aws:NodeSoftware', name, {}, options);
    this.agent = {
      key: `software/ebbtide-agent-${args.agent.sha256.slice(0, 16)}.cjs`,
      sha256: args.agent.sha256,
    };
    const media = mediaOf(args.media);
    this.media = media?.file;

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
    if (media !== undefined) {
      new BucketObjectv2(
        `${name}-media`,
        { bucket: args.bucket, key: media.file.key, source: media.asset, ...UNTAGGED },
        { parent: this },
      );
    }
    this.registerOutputs();
  }
}

/** S3 takes 10 tags on an object, and everything else takes more: the bucket has them. */
const UNTAGGED = { overrideProvider: { defaultTags: { tags: {} } } };

function mediaOf(media: AwsSettings['media']): { file: SoftwareFile; asset: pulumi.asset.Asset } | undefined {
  if (media.setup !== undefined) {
    const { file, sha256 } = media.setup;
    return { file: { key: `software/setup-${sha256.slice(0, 16)}`, sha256 }, asset: fileAsset(file) };
  }
  if (media.kind !== 'livekit' || media.artifact === undefined) return undefined;
  const { file, url, sha256, member } = media.artifact;
  return {
    file: {
      key: `software/media-${sha256.slice(0, 16)}`,
      sha256,
      ...(member === undefined ? {} : { member }),
    },
    asset: url === undefined ? fileAsset(file) : new pulumi.asset.RemoteAsset(url),
  };
}

function fileAsset(file: string | undefined): pulumi.asset.Asset {
  if (file === undefined) throw new Error('what nodes fetch has a file or a url');
  return new pulumi.asset.FileAsset(isAbsolute(file) ? file : resolve(repositoryRoot, file));
}
