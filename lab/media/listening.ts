import type { Heard } from './driver.ts';

/** Counts what a participant hears and remembers the longest silence between two sounds. */
export class Listening {
  readonly #now: () => number;
  #frames = 0;
  #longestGapMs = 0;
  #lastAt: number | undefined;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  sound(): void {
    const now = this.#now();
    if (this.#lastAt !== undefined) this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#lastAt);
    this.#lastAt = now;
    this.#frames += 1;
  }

  /** Nobody else is left to be heard: silence from here on is no gap. */
  alone(): void {
    this.#lastAt = undefined;
  }

  /** What was silent so far is forgotten: a call whose connections were still being made stands from here. */
  anew(): void {
    this.#longestGapMs = 0;
    if (this.#lastAt !== undefined) this.#lastAt = this.#now();
  }

  heard(): Heard {
    const silentForMs = this.#lastAt === undefined ? 0 : this.#now() - this.#lastAt;
    return { frames: this.#frames, longestGapMs: this.#longestGapMs, silentForMs };
  }
}
