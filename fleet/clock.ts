/** What time it is, and what is to happen later. The real one is the machine's; rehearsals have one in virtual time. */
export interface Clock {
  /** ms since the epoch. */
  now(): number;
  /** Runs `action` once so many ms have passed; the answer cancels it. */
  after(ms: number, action: () => void): () => void;
}

/** The machine's own clock and timers, told by `now` where the wall's time is not what is wanted. */
export function createRealClock(now: () => number = Date.now): Clock {
  return {
    now,
    after(ms, action) {
      const timer = setTimeout(action, ms);
      return () => clearTimeout(timer);
    },
  };
}

/** Aborts after so many ms, unless it is let go before. */
export function abortAfter(clock: Clock, ms: number): { signal: AbortSignal; letGo: () => void } {
  const controller = new AbortController();
  const letGo = clock.after(ms, () => controller.abort());
  return { signal: controller.signal, letGo };
}

/** Waits so long, or until `signal` aborts. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, end);
    function end(): void {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    }
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end, { once: true });
  });
}
