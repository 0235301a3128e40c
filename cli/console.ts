import type { Environment } from './environment.ts';

/** Where a command is run: its output, its end, and what it may know. */
export interface Console {
  out: { write(text: string): unknown; isTTY?: boolean; columns?: number; rows?: number };
  err: { write(text: string): unknown };
  environment: Environment;
  /** Puts a question to a person; undefined where there is none. */
  ask?: ((question: string) => Promise<string>) | undefined;
  /** Is over early when a person has seen enough. */
  sleep(ms: number): Promise<void>;
  /** Aborts when a person has seen enough. */
  signal: AbortSignal;
}
