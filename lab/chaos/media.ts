import type { Clock } from '../../fleet/clock.ts';
import { renderMetrics } from '../media/twin-livekit/metrics.ts';

/** LiveKit's own interval between two looks at whether anybody is left. */
const LOOK_EVERY_MS = 5_000;
/** A stop in its first moments is lost: it then drains and never ends. */
const RUNNING_AFTER_MS = 100;
const METRICS_AFTER_MS = 40;
/** A room outlives its last person for so long, and is counted until then. */
const DEPARTURE_MS = 20_000;

/** How a life of the media server ended. */
export type MediaEnd = 'drained' | 'told twice' | 'killed' | 'crashed' | 'machine off';

/** One life of a LiveKit server, as far as signals, rooms and metrics go. */
export interface MediaLife {
  readonly id: string;
  readonly pid: number;
  readonly startedAt: number;
  readonly signals: number;
  readonly people: number;
  /** A signal that comes now is heard. */
  readonly hears: boolean;
  /** A first signal came: no new room is put here by those that share its registry. */
  readonly draining: boolean;
  /** The Prometheus page; undefined while nobody listens. */
  metrics(): string | undefined;
  hold(room: string, people: number, forMs: number): void;
  /** The first signal drains, the second ends everything at once. */
  signal(): void;
  end(how: MediaEnd): void;
}

export interface MediaLifeOptions {
  clock: Clock;
  id: string;
  pid: number;
  /** Called once, with the people that were on it then. */
  ended(how: MediaEnd, people: number): void;
}

export function createMediaLife({ clock, id, pid, ended }: MediaLifeOptions): MediaLife {
  const startedAt = clock.now();
  const rooms = new Map<string, number>();
  let signals = 0;
  let over = false;
  let everHeld = false;

  const isRunning = () => clock.now() - startedAt >= RUNNING_AFTER_MS;
  const people = () => [...rooms.values()].reduce((sum, each) => sum + each, 0);

  function end(how: MediaEnd): void {
    if (over) return;
    over = true;
    ended(how, people());
  }

  function lookAgain(): void {
    clock.after(LOOK_EVERY_MS, () => {
      if (over) return;
      if (people() === 0) end('drained');
      else lookAgain();
    });
  }

  return {
    id,
    pid,
    startedAt,
    get signals() {
      return signals;
    },
    get people() {
      return people();
    },
    get hears() {
      return isRunning();
    },
    get draining() {
      return signals > 0;
    },
    metrics() {
      if (over || clock.now() - startedAt < METRICS_AFTER_MS) return undefined;
      return renderMetrics(`ND_${id}`, { count: rooms.size, people: people(), subscriptions: 0 }, everHeld);
    },
    hold(room, count, forMs) {
      everHeld = true;
      rooms.set(room, count);
      clock.after(forMs, () => {
        rooms.set(room, 0);
        clock.after(DEPARTURE_MS, () => rooms.delete(room));
      });
    },
    signal() {
      signals += 1;
      if (!isRunning()) return;
      if (signals > 1) end('told twice');
      else if (people() === 0) end('drained');
      else lookAgain();
    },
    end,
  };
}
