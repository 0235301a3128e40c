import { setTimeout as sleep } from 'node:timers/promises';

/** Waits double from `firstMs` to `longestMs`; after `forMs` in all the last error stands. */
export interface RetrySettings {
  firstMs: number;
  longestMs: number;
  forMs: number;
}

/** An error that another try would only repeat. */
export class FinalError extends Error {}

/** Tries until it succeeds: a node has no network and no role for its first seconds. */
export async function retry<T>(
  settings: RetrySettings,
  action: () => Promise<T>,
  onFailure: (error: unknown, waitMs: number) => void,
): Promise<T> {
  const giveUpAt = Date.now() + settings.forMs;
  let waitMs = settings.firstMs;
  while (true) {
    try {
      return await action();
    } catch (error) {
      if (error instanceof FinalError || Date.now() + waitMs > giveUpAt) throw error;
      onFailure(error, waitMs);
      await sleep(waitMs);
      waitMs = Math.min(waitMs * 2, settings.longestMs);
    }
  }
}
