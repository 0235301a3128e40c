import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as pulumi from '@pulumi/pulumi';

/** File name → content. */
export type Files = Record<string, Buffer>;

/**
 * Resource inputs as plain data: secrets unwrapped, assets as their content, archives as their files. Under mocks the
 * content of an asset is a promise. Paths are relative to where the program lies, as under the CLI.
 */
export async function plainInputs(value: unknown, directory: string): Promise<unknown> {
  if (isAsset(value)) return readAsset(value, directory);
  if (isArchive(value)) return readArchive(value, directory);
  if (Array.isArray(value)) return Promise.all(value.map((member) => plainInputs(member, directory)));
  if (typeof value !== 'object' || value === null) return value;
  if (isSecret(value)) return plainInputs(value.value, directory);
  const entries = await Promise.all(
    Object.entries(value).map(async ([key, member]) => [key, await plainInputs(member, directory)] as const),
  );
  return Object.fromEntries(entries);
}

/** How Pulumi marks a secret on its way to a provider. */
const SIGNATURE_KEY = '4dabf18193072939515e22adb298388d';
const SECRET_SIGNATURE = '1b47061264138c4ac30d75fd1eb44270';

function isSecret(value: object): value is { value: unknown } {
  return Reflect.get(value, SIGNATURE_KEY) === SECRET_SIGNATURE;
}

function isAsset(
  value: unknown,
): value is pulumi.asset.FileAsset | pulumi.asset.StringAsset | pulumi.asset.RemoteAsset {
  return pulumi.asset.Asset.isInstance(value);
}

function isArchive(
  value: unknown,
): value is pulumi.asset.AssetArchive | pulumi.asset.FileArchive | pulumi.asset.RemoteArchive {
  return pulumi.asset.Archive.isInstance(value);
}

async function readAsset(asset: pulumi.asset.Asset, directory: string): Promise<Buffer> {
  if (asset instanceof pulumi.asset.StringAsset) return Buffer.from(await asset.text);
  if (asset instanceof pulumi.asset.FileAsset) return readFile(resolve(directory, await asset.path));
  throw new Error('the twin reads string and file assets only: give the content itself');
}

async function readArchive(archive: pulumi.asset.Archive, directory: string): Promise<Files> {
  if (archive instanceof pulumi.asset.FileArchive)
    return readDirectory(resolve(directory, await archive.path), '');
  if (!(archive instanceof pulumi.asset.AssetArchive)) {
    throw new Error('the twin reads asset archives and directories only');
  }
  const files: Files = {};
  for (const [name, member] of Object.entries(await archive.assets)) {
    if (pulumi.asset.Asset.isInstance(member)) files[name] = await readAsset(member, directory);
    else {
      for (const [inner, body] of Object.entries(await readArchive(member, directory)))
        files[`${name}/${inner}`] = body;
    }
  }
  return files;
}

async function readDirectory(path: string, prefix: string): Promise<Files> {
  const files: Files = {};
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) Object.assign(files, await readDirectory(inner, `${prefix}${entry.name}/`));
    else files[`${prefix}${entry.name}`] = await readFile(inner);
  }
  return files;
}
