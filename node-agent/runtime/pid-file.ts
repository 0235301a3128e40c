import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { describeError } from '../../fleet/error.ts';
import type { Outcome } from '../core/effect.ts';
import type { MediaProcess, RuntimeReading } from '../core/state.ts';
import { pidOfLife, readLife, signalLife } from './process-table.ts';
import type { MediaRuntime } from './runtime.ts';

/** Start times are told in 1/100 s, from a boot time that is told in seconds. */
const CLOCK_SLACK_MS = 2_000;

export interface PidFileOptions {
  name: string;
  path: string;
  /** The command that starts the media server anew; without it `resume` cannot. */
  start: string[] | undefined;
  /** Lives that an earlier agent knew: still there, they are the media even if the file is gone. */
  remembered: string[];
}

/** The media process by a file that holds its pid. Nobody is known to start it again. */
export function createPidFileRuntime({ name, path, start, remembered }: PidFileOptions): MediaRuntime {
  let last: MediaProcess | undefined;
  const known = [...remembered];

  async function read(): Promise<RuntimeReading> {
    try {
      // A file that somebody removed does not end the process that it named.
      for (const id of known.splice(0)) {
        const pid = pidOfLife(id);
        const life = pid === undefined ? undefined : await readLife(pid);
        if (pid !== undefined && life?.id === id)
          last = { name, pid, ...life, carries: 'calls', signalSafe: 'told' };
      }
      if (last !== undefined && (await readLife(last.pid))?.id === last.id) {
        return { kind: 'answered', running: [last], willStart: [] };
      }
      const written = await readPid(path);
      const life = written === undefined ? undefined : await readLife(written.pid);
      // A process that is younger than the file has the pid of one that is gone.
      if (written === undefined || life === undefined || life.startedAt > written.at + CLOCK_SLACK_MS) {
        return { kind: 'answered', running: [], willStart: [] };
      }
      last = { name, pid: written.pid, ...life, carries: 'calls', signalSafe: 'told' };
      return { kind: 'answered', running: [last], willStart: [] };
    } catch (cause) {
      return { kind: 'unknown', reason: describeError(cause) };
    }
  }

  async function startMedia(): Promise<Outcome> {
    const [command, ...commandArguments] = start ?? [];
    if (command === undefined) {
      return { kind: 'failed', problem: 'media.runtime.start is not set: start the media server by hand' };
    }
    return new Promise((resolve) => {
      const child = spawn(command, commandArguments, { detached: true, stdio: 'ignore' });
      child.once('error', (cause) =>
        resolve({ kind: 'failed', problem: `${command}: ${describeError(cause)}` }),
      );
      child.once('spawn', () => {
        child.unref();
        resolve({ kind: 'done' });
      });
    });
  }

  return {
    read,
    signal: (process) => signalLife(process, 'SIGTERM'),
    cut: (process, kill) => signalLife(process, kill ? 'SIGKILL' : 'SIGTERM'),
    start: startMedia,
  };
}

/** undefined only when there is no such file; a file that holds no pid is an error, not an ended process. */
async function readPid(path: string): Promise<{ pid: number; at: number } | undefined> {
  let text: string;
  let at: number;
  try {
    text = await readFile(path, 'utf8');
    at = (await stat(path)).mtimeMs;
  } catch (cause) {
    if (cause instanceof Error && Reflect.get(cause, 'code') === 'ENOENT') return undefined;
    throw new Error(`the pid file ${path} cannot be read`, { cause });
  }
  const pid = Number(text.trim());
  if (!Number.isInteger(pid) || pid <= 1)
    throw new Error(`the pid file ${path} holds no pid: "${text.slice(0, 20)}"`);
  return { pid, at };
}
