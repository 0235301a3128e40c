const TICK_MS = 20;
/** A tick that comes later than this came to a process that did not run. */
const LATE_MS = 150;

/**
 * Real time without the stretches in which this process did not run, because the machine stood still or others had its
 * processors: whoever listens in it could have heard nothing then, whatever was sent. It starts at 0, and keeps no
 * process alive.
 */
export class WakingClock {
  readonly #real: () => number;
  readonly #ticking: NodeJS.Timeout;
  #awakeMs = 0;
  #lookedAt: number;

  constructor(real: () => number = () => performance.now()) {
    this.#real = real;
    this.#lookedAt = real();
    this.#ticking = setInterval(() => this.now(), TICK_MS).unref();
  }

  now(): number {
    const now = this.#real();
    const passedMs = now - this.#lookedAt;
    this.#awakeMs += passedMs > TICK_MS + LATE_MS ? TICK_MS : passedMs;
    this.#lookedAt = now;
    return this.#awakeMs;
  }

  stop(): void {
    clearInterval(this.#ticking);
  }
}
