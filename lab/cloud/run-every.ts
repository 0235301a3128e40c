import type { CloudClock } from './clock.ts';

/**
 * Runs something again and again by the cloud's own clock. A minute of it may be shorter than a run: what comes due
 * meanwhile is left out, so that a fast clock does not pile up runs that no real one would. `offsetMs`: how long after each
 * whole multiple. The answer ends that.
 */
export function runEvery(
  everyMs: number,
  run: () => Promise<unknown>,
  clock: CloudClock,
  offsetMs = 0,
): () => void {
  let busy = false;
  const passed = () => Math.floor((clock.now() - offsetMs) / everyMs);

  function tick(count: number): void {
    if (!busy) {
      busy = true;
      // A failed run is told by what runs; the next one comes all the same.
      run()
        .catch(() => undefined)
        .finally(() => {
          busy = false;
        });
    }
    const next = Math.max(count, passed()) + 1;
    cancel = clock.at(next * everyMs + offsetMs, () => tick(next));
  }

  const first = passed() + 1;
  let cancel = clock.at(first * everyMs + offsetMs, () => tick(first));
  return () => cancel();
}
