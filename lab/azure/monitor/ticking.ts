import type { CloudClock } from '../../cloud/clock.ts';

/** Again and again, at whole multiples of that time of the cloud's clock; the answer ends that. */
export function tickEvery(clock: CloudClock, everyMs: number, tick: () => void): () => void {
  let cancel = schedule();
  function schedule(): () => void {
    return clock.at((Math.floor(clock.now() / everyMs) + 1) * everyMs, () => {
      tick();
      cancel = schedule();
    });
  }
  return () => cancel();
}
