import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Outcome } from '../core/effect.ts';
import type { MediaProcess } from '../core/state.ts';

/** One life of a process: a pid comes again, a pid with its start time and its boot does not. */
export interface ProcessLife {
  id: string;
  startedAt: number;
}

/** Linux counts process times in 1/100 s on every machine that it runs on (USER_HZ). */
const TICKS_PER_SECOND = 100;

/** The pid in a life's id: its last number but one. */
export function pidOfLife(id: string): number | undefined {
  const pid = Number(id.split('-').at(-2));
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

/** The life behind a pid, or undefined when no such process runs (a zombie does not). Rejects when it cannot be told. */
export async function readLife(pid: number): Promise<ProcessLife | undefined> {
  return process.platform === 'linux' ? readProc(pid) : readPs(pid);
}

async function readProc(pid: number): Promise<ProcessLife | undefined> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw new Error(`/proc/${pid}/stat cannot be read`, { cause });
  }
  // The second field is the command in parentheses and may hold spaces; the state follows it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, ticks] = [fields[0], Number(fields[19])];
  if (state === 'Z' || state === 'X') return undefined;
  if (!Number.isFinite(ticks)) throw new Error(`/proc/${pid}/stat has no start time: ${stat.slice(0, 60)}`);
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const bootTime = /^btime (\d+)$/m.exec(await readFile('/proc/stat', 'utf8'))?.[1];
  if (bootTime === undefined) throw new Error('/proc/stat has no boot time');
  const startedAt = Math.round((Number(bootTime) + ticks / TICKS_PER_SECOND) * 1000);
  return { id: `${boot.slice(0, 8)}-${pid}-${ticks}`, startedAt };
}

async function readPs(pid: number): Promise<ProcessLife | undefined> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]);
    const [state = '', ...started] = stdout.trim().split(/\s+/);
    const startedAt = Date.parse(started.join(' '));
    if (Number.isNaN(startedAt)) throw new Error(`ps told no start time of ${pid}: ${stdout}`);
    return state.startsWith('Z') ? undefined : { id: `${pid}-${startedAt}`, startedAt };
  } catch (cause) {
    // ps ends with 1 and says nothing when there is no such process.
    if (cause instanceof Error && Reflect.get(cause, 'code') === 1 && Reflect.get(cause, 'stdout') === '')
      return undefined;
    throw new Error(`the process table cannot be read for ${pid}`, { cause });
  }
}

/** Sends a signal to exactly this life of the process; `nothing-to-do` when it is over. */
export async function signalLife(media: MediaProcess, signal: NodeJS.Signals): Promise<Outcome> {
  try {
    const life = await readLife(media.pid);
    if (life?.id !== media.id) return { kind: 'nothing-to-do', text: `${media.id} is not running any more` };
    process.kill(media.pid, signal);
    return { kind: 'done' };
  } catch (cause) {
    if (cause instanceof Error && Reflect.get(cause, 'code') === 'ESRCH') {
      return { kind: 'nothing-to-do', text: `${media.id} has just ended` };
    }
    return {
      kind: 'failed',
      problem: `${signal} to ${media.id}: ${cause instanceof Error ? cause.message : String(cause)}`,
    };
  }
}
