import type { Clock } from '../../fleet/clock.ts';
import type { CloudClock } from '../cloud/clock.ts';

/** A twin's own clock, which runs with all others in a virtual world. */
export function cloudClockOf(clock: Clock): CloudClock {
  const begunAt = clock.now();
  return {
    begin: () => undefined,
    now: () => clock.now() - begunAt,
    at: (cloudMs, action) => clock.after(begunAt + cloudMs - clock.now(), action),
    stop: () => undefined,
  };
}
