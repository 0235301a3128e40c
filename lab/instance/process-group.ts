import { execFileSync, spawn } from 'node:child_process';
import type { Watchdog } from './watchdog.ts';

/** Whether anything of a process group is still there. */
export function groupLives(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch (error) {
    // EPERM: there is something, of another user. Anything else: nothing is left.
    return error instanceof Error && Reflect.get(error, 'code') === 'EPERM';
  }
}

/** Signals a whole process group; one that is gone already is as good. */
export function killGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (!(error instanceof Error) || Reflect.get(error, 'code') !== 'ESRCH') throw error;
  }
}

/** The groups of these leaders and of all that descends from them, also of what made itself a group of its own. */
export function groupsUnder(leaders: readonly number[]): number[] {
  if (leaders.length === 0) return [];
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,pgid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const family = new Set(leaders);
  const groups = new Set(leaders);
  for (let grew = true; grew; ) {
    grew = false;
    for (const [pid = 0, parent = 0, group = 0] of table) {
      if (family.has(pid) || !(family.has(parent) || groups.has(group))) continue;
      family.add(pid);
      groups.add(group);
      grew = true;
    }
  }
  return [...groups];
}

/** Starts a program as the leader of a group of its own, which the watchdog knows of until nobody is left in it. */
export function spawnLeader(
  words: readonly string[],
  cwd: string,
  environment: Record<string, string>,
  watchdog: Watchdog,
) {
  const [program = '', ...rest] = words;
  const child = spawn(program, rest, {
    cwd,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid !== undefined) {
    watchdog.began(pid);
    child.once('close', () => {
      if (!groupLives(pid)) watchdog.gone(pid);
    });
  }
  return child;
}
