import { spawn } from 'node:child_process';
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

/** Writes the one file `member` of a tar.gz. */
export async function extractMember(archive: string, member: string, path: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await run('tar', ['-xzOf', archive, member], file.fd);
    if ((await file.stat()).size === 0) throw new Error(`${member} in the archive is empty`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Runs a program found by PATH; rejects with what it said where it did not end with 0. */
export function run(program: string, args: string[], stdout: number | 'inherit' = 'inherit'): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', stdout, 'pipe'] });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said = `${said}${chunk}`.slice(-2_000);
    });
    child.on('error', (cause) => reject(new Error(`${program} could not be started`, { cause })));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${[program, ...args].join(' ')} ended with ${code ?? signal}: ${said.trim()}`));
    });
  });
}
