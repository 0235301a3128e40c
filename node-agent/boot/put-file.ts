import { chmod, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Puts a file in place whole or not at all, with its mode (octal text). The new file is made beside the old one, so
 * that it gets the folder's group and the rename stays on one disk.
 */
export async function putFile(
  path: string,
  mode: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.new`;
  try {
    await rm(temporary, { force: true });
    await write(temporary);
    await chmod(temporary, Number.parseInt(mode, 8));
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new Error(`${path} could not be put in place`, { cause });
  }
}

/** Writes and syncs: until it is in place nobody else may read it. */
export async function writeContent(path: string, content: string | Buffer): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
