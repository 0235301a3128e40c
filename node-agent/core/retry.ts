import type { Outcome } from './effect.ts';
import { LONGEST_RETRY_MS } from './settings.ts';
import { IDLE, type Retry } from './state.ts';

export function isDue(retry: Retry, at: number): boolean {
  return !retry.inFlight && at >= retry.notBefore;
}

export function begun(retry: Retry): Retry {
  return { ...retry, inFlight: true };
}

/** A failure waits twice as long as the one before, up to a bound; success forgets them all. */
export function ended(retry: Retry, outcome: Outcome, at: number, retryMs: number): Retry {
  switch (outcome.kind) {
    case 'done':
      return IDLE;
    case 'nothing-to-do':
      return { ...IDLE, notBefore: at + retryMs, problem: outcome.text };
    case 'failed':
    case 'not-done': {
      const waitMs = Math.min(LONGEST_RETRY_MS, retryMs * 2 ** Math.min(retry.failures, 10));
      return {
        inFlight: false,
        notBefore: at + waitMs,
        failures: retry.failures + 1,
        failingSince: retry.failingSince ?? at,
        problem: outcome.problem,
      };
    }
  }
}
