/** The cloud's own slow clock, in ms since it started. */
export interface CloudClock {
  now(): number;
  /** Runs `action` when the cloud's clock has reached that time; the answer cancels it. */
  at(cloudMs: number, action: () => void): () => void;
  stop(): void;
}

/** Runs `factor` times as fast as real time. */
export function createScaledClock(factor: number): CloudClock {
  const begun = performance.now();
  const timers = new Set<NodeJS.Timeout>();
  const now = () => (performance.now() - begun) * factor;
  return {
    now,
    at(cloudMs, action) {
      const run = () => {
        timers.delete(timer);
        // Timers of Node may come early by a fraction, and cannot be longer than 24 days.
        if (now() < cloudMs) timer = set(run, cloudMs);
        else action();
      };
      let timer = set(run, cloudMs);
      return () => {
        clearTimeout(timer);
        timers.delete(timer);
      };
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };

  function set(run: () => void, cloudMs: number): NodeJS.Timeout {
    const waitMs = Math.min(2 ** 31 - 1, Math.max(0, Math.ceil((cloudMs - now()) / factor)));
    const timer = setTimeout(run, waitMs);
    timers.add(timer);
    return timer;
  }
}

/** Stands still until it is told how far to go: for tests. */
export function createManualClock(): CloudClock & { advance(ms: number): Promise<void> } {
  let time = 0;
  const planned = new Set<{ at: number; action: () => void }>();
  return {
    now: () => time,
    at(cloudMs, action) {
      const plan = { at: cloudMs, action };
      planned.add(plan);
      return () => planned.delete(plan);
    },
    stop: () => planned.clear(),
    async advance(ms) {
      const end = time + ms;
      while (true) {
        const next = [...planned].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        planned.delete(next);
        time = Math.max(time, next.at);
        next.action();
        // What an action began (a function's answer, a machine's end) goes on before the clock does.
        for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      }
      time = end;
    },
  };
}
