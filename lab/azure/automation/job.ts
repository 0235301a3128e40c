import { type ChildProcess, spawn } from 'node:child_process';
import { collectLines } from '../../cloud/collect-lines.ts';
import { PYTHON } from './python.ts';

export type JobStatus = 'New' | 'Running' | 'Completed' | 'Failed' | 'Stopped' | 'Suspended';

/** One run of a runbook. */
export interface Job {
  id: string;
  runbook: string;
  account: string;
  parameters: Record<string, string>;
  status: JobStatus;
  /** Real time, ms since the epoch. */
  createdAt: number;
  startedAt?: number;
  endedAt?: number;
  exception?: string;
  lines: string[];
  /** What its process proves itself with to the identity endpoint. */
  secret: string;
  process?: ChildProcess;
}

export interface Sandbox {
  /** The runbook's text, in a file. */
  file: string;
  arguments: string[];
  environment: Record<string, string>;
  onLine(line: string): void;
}

/** Resolves with how it ended. */
export function runInSandbox(
  job: Job,
  sandbox: Sandbox,
): Promise<{ code: number | null; signal: string | null }> {
  const child = spawn(PYTHON, [sandbox.file, ...sandbox.arguments], {
    // Nothing of this process's own environment reaches a job.
    env: { PATH: process.env.PATH, TZ: 'UTC', PYTHONDONTWRITEBYTECODE: '1', ...sandbox.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  job.process = child;
  job.status = 'Running';
  collectLines(child, sandbox.onLine);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}
