import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 100;

/** `patienceMs` is by the cloud's clock, which `now` tells. False where it ran out. */
export async function waitUntil(
  now: () => number,
  patienceMs: number,
  done: () => boolean,
): Promise<boolean> {
  const until = now() + patienceMs;
  while (!done()) {
    if (now() > until) return false;
    await sleep(LOOK_EVERY_MS);
  }
  return true;
}

/** As providers write durations, in Go's way: `1h5m`, `35m0s`. */
export function parseGoDuration(written: string): number {
  const parts = [...written.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
  if (written !== '0' && parts.map(([whole]) => whole).join('') !== written) {
    throw new Error(`${written} is not a duration of the provider, such as 10m`);
  }
  const unitMs = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  return parts.reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * unitMs[unit as keyof typeof unitMs],
    0,
  );
}
