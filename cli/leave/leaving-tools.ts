import type { Pool, Replacement } from '../pool.ts';
import type { PoolWorld } from '../view/seen.ts';
import type { LeavingEvent } from './leaving-event.ts';
import type { Wish } from './plan-leaving.ts';

export interface LeavingOptions {
  wish: Wish;
  replacement: Replacement;
  /** Until the last of them is gone; else only as many are asked as may drain now. */
  wait: boolean;
  /** What the decision says of who wished it, and why. */
  by: string;
  reason: string | undefined;
}

export interface LeavingTools {
  pool: Pick<Pool, 'address' | 'leave'>;
  look: () => Promise<PoolWorld>;
  tell: (event: LeavingEvent) => void;
  now: () => number;
  /** Resolves early when a person has seen enough. */
  sleep: (ms: number) => Promise<void>;
  /** Aborts when a person has seen enough: nobody more is asked. */
  signal: AbortSignal;
  /** Before each round, and before anybody is asked. Rejects where this must not go on. */
  keep?: (() => Promise<void>) | undefined;
  random: () => number;
}
