import type { Clock } from '../../fleet/clock.ts';

/** A process that may be killed at any moment: everything in it stands still for ever then. */
export interface Mortal {
  isAlive(): boolean;
  kill(): void;
  /** Time as it has it; what it waits for never comes once it is dead. */
  clock: Clock;
  /** Whoever is dead gets no answer, and does nothing. */
  whileAlive<T>(run: () => Promise<T>): Promise<T>;
}

/** `offsetMs`: how far its own time is from the world's. */
export function createMortal(world: Clock, offsetMs = 0): Mortal {
  const waits = new Set<() => void>();
  let alive = true;

  return {
    isAlive: () => alive,
    kill() {
      alive = false;
      for (const cancel of waits) cancel();
      waits.clear();
    },
    clock: {
      now: () => world.now() + offsetMs,
      after(ms, action) {
        if (!alive) return () => undefined;
        const cancel = world.after(ms, () => {
          waits.delete(cancel);
          action();
        });
        waits.add(cancel);
        return () => {
          waits.delete(cancel);
          cancel();
        };
      },
    },
    whileAlive(run) {
      if (!alive) return new Promise(() => undefined);
      return new Promise((resolve, reject) => {
        run().then(
          (value) => {
            if (alive) resolve(value);
          },
          (cause) => {
            if (alive) reject(cause);
          },
        );
      });
    },
  };
}
