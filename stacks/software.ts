import { isAbsolute, resolve } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { AGENT_UPDATE_KEY, type PublishedAgent } from '../fleet/agent-update.ts';
import { VERSION } from '../fleet/version.ts';
import { type Bundle, repositoryRoot, sha256Of } from './bundle.ts';
import type { SoftwareFile } from './node-file.ts';
import type { CommonSettings } from './settings-schema.ts';

/** A file of the pool's bucket, and what is in it. */
export interface SoftwareObject {
  file: SoftwareFile;
  asset: pulumi.asset.Asset;
  /** Its key stays when its content changes: it is one object, and never two of which the older one is taken away. */
  isFixed?: true;
}

/**
 * What nodes fetch when they boot, under keys that change with the content: a node finds what its template pinned for as
 * long as there is such a template, and verifies it. A new content is a new object, made before the old one goes.
 */
export interface Software {
  agent: SoftwareObject;
  /** The media server itself, or the script that sets it up; undefined where a node gets it elsewhere. */
  media: SoftwareObject | undefined;
  /** What running nodes go by: it comes after the agent that it names. */
  update: SoftwareObject;
}

export function softwareOf(
  { code, sha256 }: Bundle,
  { media, agent }: Pick<CommonSettings, 'media' | 'agent'>,
): Software {
  const key = `software/ebbtide-agent-${sha256.slice(0, 16)}.cjs`;
  const published: PublishedAgent = { v: 1, version: VERSION, key, sha256, update: agent.update };
  const text = `${JSON.stringify(published)}\n`;
  return {
    agent: { file: { key, sha256 }, asset: new pulumi.asset.StringAsset(code) },
    media: mediaOf(media),
    update: {
      file: { key: AGENT_UPDATE_KEY, sha256: sha256Of(text) },
      asset: new pulumi.asset.StringAsset(text),
      isFixed: true,
    },
  };
}

/** What of them a node is told at its first boot. Pure. */
export function nodeSoftware(boot: Bundle, { agent, media }: Pick<Software, 'agent' | 'media'>) {
  return { boot: boot.code, agent: agent.file, media: media?.file };
}

/** How such an object is made: what has its own key is there before the one that it replaces goes. */
export function objectOptions(
  { isFixed }: SoftwareObject,
  before: readonly pulumi.Resource[],
): Pick<pulumi.CustomResourceOptions, 'deleteBeforeReplace' | 'dependsOn'> {
  return isFixed ? { deleteBeforeReplace: true, dependsOn: [...before] } : {};
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
