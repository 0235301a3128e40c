import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as pulumi from '@pulumi/pulumi';

/** Where to put what exists in no file: beside what else is built. */
export interface ObjectFileOptions {
  folder: string;
  /** false: only where it will be is told, as a preview needs no more. */
  fetch: boolean;
}

/**
 * The path of a file with the content of an asset, for a provider that takes files only. What comes from a URL is fetched,
 * once, and verified. Rejects where it cannot be had, or is something else.
 */
export async function objectFile(
  asset: pulumi.asset.Asset,
  sha256: string,
  { folder, fetch: wanted }: ObjectFileOptions,
): Promise<string> {
  if (asset instanceof pulumi.asset.FileAsset) return asset.path;
  const path = join(folder, sha256);
  if (!wanted) return path;
  await mkdir(folder, { recursive: true });
  const part = `${path}.${process.pid}`;
  try {
    if (asset instanceof pulumi.asset.StringAsset) await writeFile(part, await asset.text);
    else if (asset instanceof pulumi.asset.RemoteAsset) {
      const url = await asset.uri;
      // It is named by its content: what was fetched once need not be fetched again.
      if ((await sumOf(path)) === sha256) return path;
      await download(url, part);
      const found = await sumOf(part);
      if (found !== sha256)
        throw new pulumi.RunError(
          `ebbtide:media.artifact.sha256 is ${sha256}: but ${url} has ${found}. Take that, if it is the file you mean`,
        );
    } else throw new Error('an asset of a kind that has no file');
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
  return path;
}

async function download(url: string, path: string): Promise<void> {
  try {
    const answer = await fetch(url);
    if (!answer.ok || answer.body === null) throw new Error(`HTTP ${answer.status}`);
    await pipeline(Readable.fromWeb(answer.body), createWriteStream(path));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new pulumi.RunError(`ebbtide:media.artifact.url is "${url}": it cannot be fetched: ${reason}`);
  }
}

async function sumOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return hash.digest('hex');
}
