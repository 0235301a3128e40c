/** The cloud's own slow clock, in ms since it started. */
export interface CloudClock {
  /** Stands at 0 until then. */
  begin(): void;
  now(): number;
  /** Runs `action` when the cloud's clock has reached that time; the answer cancels it. */
  at(cloudMs: number, action: () => void): () => void;
  stop(): void;
}

/** Runs `factor` times as fast as real time. */
export function createScaledClock(factor: number): CloudClock {
  let begun: number | undefined;
  const timers = new Set<NodeJS.Timeout>();
  const now = () => (begun === undefined ? 0 : (performance.now() - begun) * factor);
  return {
    begin() {
      begun = performance.now();
    },
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
