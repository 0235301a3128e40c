import { type ChildProcess, spawn } from 'node:child_process';
import { describeError } from '../../fleet/error.ts';
import type { Outcome } from '../core/effect.ts';

/** Keeps the operating system from stopping while calls are on: its SIGTERM would be the media's second signal. */
export interface Inhibitor {
  /** May be asked for the same again: a lock that was lost is then taken anew. */
  set(on: boolean): Promise<Outcome>;
}

/** Ends by itself when this process does, so that a crash leaves no lock behind. */
const UNTIL_WE_END = ['tail', `--pid=${process.pid}`, '-f', '/dev/null'];
/** logind refuses within moments; what lives on for so long holds the lock. */
const GRANTED_AFTER_MS = 300;

/** logind's block lock, held by a child for as long as it lives. */
export function createLogindInhibitor(): Inhibitor {
  let holder: ChildProcess | undefined;

  async function hold(): Promise<Outcome> {
    if (holder !== undefined && holder.exitCode === null && holder.signalCode === null)
      return { kind: 'done' };
    return new Promise((resolve) => {
      const child = spawn(
        'systemd-inhibit',
        [
          '--what=shutdown:handle-power-key',
          '--mode=block',
          '--who=ebbtide-agent',
          '--why=calls are on',
          ...UNTIL_WE_END,
        ],
        { stdio: ['ignore', 'ignore', 'pipe'] },
      );
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => {
        said = `${said}${chunk.toString()}`.slice(-300);
      });
      const granted = setTimeout(() => {
        holder = child;
        resolve({ kind: 'done' });
      }, GRANTED_AFTER_MS);
      child.once('error', (cause) => {
        clearTimeout(granted);
        resolve({ kind: 'failed', problem: `systemd-inhibit: ${describeError(cause)}` });
      });
      child.once('exit', (code) => {
        clearTimeout(granted);
        resolve({ kind: 'failed', problem: `systemd-inhibit ended with ${code}: ${said.trim()}` });
      });
    });
  }

  return {
    async set(on) {
      if (on) return hold();
      holder?.kill('SIGTERM');
      holder = undefined;
      return { kind: 'done' };
    },
  };
}

/** For machines without logind: nothing is held. */
export function createNoInhibitor(): Inhibitor {
  return { set: async () => ({ kind: 'done' }) };
}
