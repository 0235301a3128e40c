import { mkdir, readlink, rename, symlink, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readLife } from '../runtime/process-table.ts';

/** Another agent lives on this node and works from the same state. */
export class AlreadyRunningError extends Error {
  constructor(path: string, owner: string) {
    super(
      `another agent runs on this node already (${owner}, by ${path}): two would signal twice. Stop that one first.`,
    );
    this.name = 'AlreadyRunningError';
  }
}

/**
 * Takes the node's only lock, or rejects with `AlreadyRunningError`. The lock is a symbolic link whose target names one
 * life of a process: made whole or not at all, also on a full disk; left by a crash, or by a boot ago, it binds nobody.
 * Gives back what releases it.
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const own = await describeOwn();
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  for (let attempt = 0; attempt < 10; attempt += 1) {
    if (await linkIfFree(own, path)) {
      return async () => {
        if ((await readIfThere(path)) === own) await unlink(path);
      };
    }
    const owner = await readIfThere(path);
    if (owner === undefined) continue;
    if (await isAlive(owner)) throw new AlreadyRunningError(path, owner);
    await removeStale(path, owner, `${path}.${process.pid}.stale`);
  }
  throw new AlreadyRunningError(path, 'it changes hands all the time');
}

async function describeOwn(): Promise<string> {
  const life = await readLife(process.pid);
  if (life === undefined) throw new Error('this process cannot find itself in the process table');
  return `pid ${process.pid} life ${life.id}`;
}

async function linkIfFree(owner: string, path: string): Promise<boolean> {
  try {
    await symlink(owner, path);
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false;
    throw new Error(`the lock ${path} cannot be taken`, { cause });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    // Whatever lies there is no lock of ours; it is moved aside as a stale one is.
    if (codeOf(cause) === 'EINVAL') return 'something that is no lock';
    throw new Error(`the lock ${path} cannot be read`, { cause });
  }
}

async function isAlive(owner: string): Promise<boolean> {
  const match = /^pid (\d+) life (\S+)$/.exec(owner);
  if (match === null) return false;
  return (await readLife(Number(match[1])))?.id === match[2];
}

/** Moves a stale lock out of the way; if it was a fresh one after all, puts it back for its owner. */
async function removeStale(path: string, stale: string, aside: string): Promise<void> {
  try {
    await rename(path, aside);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return;
    throw new Error(`the stale lock ${path} cannot be removed`, { cause });
  }
  const moved = await readIfThere(aside);
  if (moved !== undefined && moved !== stale) await linkIfFree(moved, path);
  await unlink(aside);
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
}
