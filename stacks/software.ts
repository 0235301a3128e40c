import { isAbsolute, resolve } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { type Bundle, repositoryRoot } from './bundle.ts';
import type { SoftwareFile } from './node-file.ts';
import type { CommonSettings } from './settings-schema.ts';

/** A file of the pool's bucket, and what is in it. */
export interface SoftwareObject {
  file: SoftwareFile;
  asset: pulumi.asset.Asset;
}

/**
 * What nodes fetch when they boot, under keys that change with the content: a node finds what its template pinned for as
 * long as there is such a template, and verifies it. A new content is a new object, made before the old one goes.
 */
export interface Software {
  agent: SoftwareObject;
  /** The media server itself, or the script that sets it up; undefined where a node gets it elsewhere. */
  media: SoftwareObject | undefined;
}

export function softwareOf(agent: Bundle, media: CommonSettings['media']): Software {
  return {
    agent: {
      file: { key: `software/ebbtide-agent-${agent.sha256.slice(0, 16)}.cjs`, sha256: agent.sha256 },
      asset: new pulumi.asset.StringAsset(agent.code),
    },
    media: mediaOf(media),
  };
}

function mediaOf(media: CommonSettings['media']): SoftwareObject | undefined {
  if (media.setup !== undefined) {
    const { file, sha256 } = media.setup;
    if (sha256 === undefined) return undefined;
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
