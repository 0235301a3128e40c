import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { collectLines } from '../../cloud/collect-lines.ts';

/** One process of a function, as Cloud Run keeps them: a web server. */
export interface FunctionInstance {
  url: string;
  /** Settles when the process is gone. */
  gone: Promise<void>;
  kill(): void;
}

export interface FunctionInstanceSpec {
  directory: string;
  environment: Record<string, string>;
  onLine(line: string): void;
}

const readySchema = v.strictObject({ port: v.number() });

/** Resolves when it listens: a cold start is not charged to the first request. */
export async function startFunctionInstance(spec: FunctionInstanceSpec): Promise<FunctionInstance> {
  const child = fork(fileURLToPath(new URL('runtime.mjs', import.meta.url)), [], {
    // Nothing of this process's own environment or loaders reaches a function.
    env: { ...spec.environment, FUNCTION_SOURCE: spec.directory },
    execArgv: [],
    cwd: spec.directory,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const lines: string[] = [];
  collectLines(child, (line) => {
    lines.push(line);
    spec.onLine(line);
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`its process ended at once (${signal ?? code}): ${lines.slice(-5).join(' | ')}`)),
    );
    child.once('message', (message) => resolve(v.parse(readySchema, message).port));
  });
  return { url: `http://127.0.0.1:${port}`, gone, kill: () => child.kill('SIGKILL') };
}
