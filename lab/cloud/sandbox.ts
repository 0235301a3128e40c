import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { collectLines } from './collect-lines.ts';

const errorSchema = v.object({
  errorType: v.string(),
  errorMessage: v.string(),
  trace: v.optional(v.string()),
});
const messageSchema = v.union([
  v.strictObject({ ready: v.literal(true) }),
  v.strictObject({ id: v.string(), answer: v.unknown() }),
  v.strictObject({ id: v.string(), error: errorSchema }),
  v.strictObject({ error: errorSchema }),
]);

/** One process of a function, as clouds keep them: it answers one event after the other while it is warm. */
export interface Sandbox {
  busy: boolean;
  /** Rejects with what the function threw, or that it ran out of time: its process is then gone. */
  run(event: unknown, timeoutMs: number): Promise<unknown>;
  /** Resolves when it answers nobody. */
  idle(): Promise<void>;
  /** Settles when the process is gone. */
  gone: Promise<void>;
  kill(): void;
}

export interface SandboxSpec {
  /** What loads the function, and answers as its cloud does. */
  runtime: string;
  directory: string;
  handler: string;
  memoryMb?: number;
  environment: Record<string, string>;
  onLine(line: string): void;
}

/** Resolves when the function has been loaded: a cold start is not charged to the first event. */
export async function startSandbox(spec: SandboxSpec): Promise<Sandbox> {
  const child = fork(spec.runtime, [spec.directory, spec.handler], {
    // Nothing of this process's own environment or loaders reaches a function.
    env: spec.environment,
    execArgv: spec.memoryMb === undefined ? [] : [`--max-old-space-size=${spec.memoryMb}`],
    cwd: spec.directory,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  collectLines(child, spec.onLine);
  const waiting = new Map<string, (message: { answer: unknown } | { problem: Error }) => void>();
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));

  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`its process ended at once (${signal ?? code})`)));
    child.on('message', (raw) => {
      const message = v.parse(messageSchema, raw);
      if ('ready' in message) resolve();
      else if (!('id' in message)) reject(functionError(message.error));
      else
        waiting.get(message.id)?.('error' in message ? { problem: functionError(message.error) } : message);
    });
  });

  let running: Promise<unknown> = Promise.resolve();
  const sandbox: Sandbox = {
    busy: false,
    idle: () => running.then(noMatter, noMatter),
    gone,
    kill: () => child.kill('SIGKILL'),
    async run(event, timeoutMs) {
      sandbox.busy = true;
      const id = randomUUID();
      try {
        const answer = new Promise<unknown>((resolve, reject) => {
          let end = 'Runtime exited before it answered';
          const timer = setTimeout(() => {
            end = `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
            child.kill('SIGKILL');
          }, timeoutMs);
          waiting.set(id, (message) => {
            clearTimeout(timer);
            if ('problem' in message) reject(message.problem);
            else resolve(message.answer);
          });
          void gone.then(() => {
            clearTimeout(timer);
            reject(new Error(end));
          });
          child.send({ id, event, deadline: Date.now() + timeoutMs });
        });
        running = answer;
        return await answer;
      } finally {
        waiting.delete(id);
        sandbox.busy = false;
      }
    },
  };
  return sandbox;
}

function noMatter(): void {
  // How it ended concerns who asked.
}

function functionError({ errorType, errorMessage, trace }: v.InferOutput<typeof errorSchema>): Error {
  const error = new Error(`${errorType}: ${errorMessage}`);
  if (trace !== undefined) error.stack = trace;
  return error;
}
