import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PYTHON } from '../../azure/automation/python.ts';

/**
 * A Python program that is asked and answers, a line each. It is asked as a function is called: this whole process waits
 * for the answer, so that nothing else happens meanwhile, and virtual time stands still.
 */
export interface Python {
  ask(line: string): string;
}

const CHUNK = 65_536;
/** Nothing of this process's own environment reaches it, and it meets the same order of things each time. */
const ENVIRONMENT = { PATH: process.env.PATH, TZ: 'UTC', PYTHONDONTWRITEBYTECODE: '1', PYTHONHASHSEED: '0' };

/** It ends with this process, whose end of the pipe is then closed. */
export function startPython(file: string): Python {
  const [theirIn, ourOut] = openPipe();
  const [ourIn, theirOut] = openPipe();
  const child = spawn(PYTHON, ['-u', file], { env: ENVIRONMENT, stdio: [theirIn, theirOut, 'inherit'] });
  child.on('error', () => undefined);
  child.unref();
  closeSync(theirIn);
  closeSync(theirOut);
  const chunk = Buffer.alloc(CHUNK);
  let rest = '';

  return {
    ask(line) {
      writeAll(ourOut, `${line}\n`);
      for (let end = rest.indexOf('\n'); ; end = rest.indexOf('\n')) {
        if (end >= 0) {
          const answer = rest.slice(0, end);
          rest = rest.slice(end + 1);
          return answer;
        }
        const count = readSync(ourIn, chunk);
        if (count === 0) throw new Error(`${PYTHON} ${file} has ended, and was asked ${line.slice(0, 300)}`);
        // It writes ASCII only.
        rest += chunk.toString('latin1', 0, count);
      }
    },
  };
}

function writeAll(pipe: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; ) from += writeSync(pipe, bytes, from);
}

/** One whose reads and writes wait, unlike those of the pipes that Node makes. */
function openPipe(): [toRead: number, toWrite: number] {
  const folder = mkdtempSync(join(tmpdir(), 'ebbtide-pipe-'));
  try {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', ['-m', '600', path]);
    // To open one end waits for the other, but for this first one.
    const first = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const toWrite = openSync(path, 'w');
    const toRead = openSync(path, 'r');
    closeSync(first);
    return [toRead, toWrite];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
