import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { choose } from './choose.ts';
import { createUpdateFolder, type UpdateFolder, type UpdateRecord } from './record.ts';

/** The file that this process runs, and what it can be replaced by. */
export interface Program {
  sha256: string;
  /** Of the agent that the node was made with. */
  base: string;
  updates: UpdateFolder;
}

/** Tells the agent that was chosen that it is to run as it is. */
const CHOSEN = 'EBBTIDE_AGENT_CHOSEN';
/** An agent that is on trial and has not come up by then is ended. */
const TRIAL_MS = 300_000;

/**
 * The agent that the node was made with decides which one runs: itself, or one that was published later. It is never
 * replaced, so that whatever a later one is like, there is one to go back to. Gives the program if it is this one; else the
 * other one runs in this process by now, under the same pid.
 */
export function launch(
  commandLine: readonly string[],
  scriptPath: string,
  environment: Record<string, string | undefined>,
  trialMs: number = TRIAL_MS,
): Program | undefined {
  const basePath = realpathSync(scriptPath);
  const base = sha256Of(readFileSync(basePath));
  const updates = createUpdateFolder(join(dirname(basePath), 'agent-updates'), base);
  const chosen = environment[CHOSEN];
  if (chosen !== undefined) {
    delete environment[CHOSEN];
    return { sha256: chosen, base, updates };
  }
  const before = updates.read();
  const isRun = commandLine[0] === 'run';
  const chosenFrom = (from: UpdateRecord) =>
    choose(from, isRun, ({ sha256 }) => isWhole(updates.pathOf(sha256), sha256));
  const first = chosenFrom(before);
  const isNoted = !isRun || first.record === before || isWritten(updates, first.record);
  const { file, onTrial } = isNoted ? first : chosenFrom({ ...before, trial: null, young: null });
  if (file === undefined) return { sha256: base, base, updates };
  environment[CHOSEN] = file.sha256;
  if (onTrial) watchTrial(updates.recordPath, file.sha256, trialMs);
  const path = updates.pathOf(file.sha256);
  createRequire(path)(path);
  return undefined;
}

/** A try that is not counted would be one of endless many. */
function isWritten(updates: UpdateFolder, record: UpdateRecord): boolean {
  try {
    updates.write(record);
    return true;
  } catch {
    return false;
  }
}

function isWhole(path: string, sha256: string): boolean {
  try {
    return sha256Of(readFileSync(path)) === sha256;
  } catch {
    return false;
  }
}

function sha256Of(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** In a thread of its own: one that hangs cannot keep it from ending the process, and systemd starts it again. */
function watchTrial(recordPath: string, sha256: string, trialMs: number): void {
  const worker = new Worker(
    `const { readFileSync } = require('node:fs');
     const { workerData: { recordPath, sha256, trialMs } } = require('node:worker_threads');
     setTimeout(() => {
       const { trial } = JSON.parse(readFileSync(recordPath, 'utf8'));
       if (trial !== null && trial.sha256 === sha256) process.kill(process.pid, 'SIGKILL');
     }, trialMs);`,
    { eval: true, workerData: { recordPath, sha256, trialMs } },
  );
  worker.unref();
  worker.on('error', () => undefined);
}
