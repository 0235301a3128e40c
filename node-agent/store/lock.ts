import { link, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
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
 * Takes the node's only lock, or rejects with `AlreadyRunningError`. The lock is a file that names one life of a process,
 * so that a lock left by a crash, or by a boot ago, binds nobody. Gives back what releases it.
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const own = await describeOwn();
  const candidate = `${path}.${process.pid}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(candidate, own, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      // A link either is made whole, with its content, or fails: nobody ever sees half a lock.
      if (await linkIfFree(candidate, path)) {
        return async () => {
          if ((await readIfThere(path)) === own) await unlink(path);
        };
      }
      const owner = await readIfThere(path);
      if (owner === undefined) continue;
      if (await isAlive(owner)) throw new AlreadyRunningError(path, owner);
      await removeStale(path, owner, `${candidate}.stale`);
    }
    throw new AlreadyRunningError(path, 'it changes hands all the time');
  } finally {
    await unlink(candidate);
  }
}

async function describeOwn(): Promise<string> {
  const life = await readLife(process.pid);
  if (life === undefined) throw new Error('this process cannot find itself in the process table');
  return `pid ${process.pid} life ${life.id}`;
}

async function linkIfFree(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (cause) {
    if (cause instanceof Error && Reflect.get(cause, 'code') === 'EEXIST') return false;
    throw new Error(`the lock ${to} cannot be taken`, { cause });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && Reflect.get(cause, 'code') === 'ENOENT') return undefined;
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
    if (cause instanceof Error && Reflect.get(cause, 'code') === 'ENOENT') return;
    throw new Error(`the stale lock ${path} cannot be removed`, { cause });
  }
  if ((await readIfThere(aside)) !== stale) await linkIfFree(aside, path);
  await unlink(aside);
}
