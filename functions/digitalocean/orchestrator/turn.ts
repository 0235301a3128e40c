import { describeError } from '../../../fleet/error.ts';
import type { RemovingStore } from '../../../fleet/object-store.ts';

const RUNS = 'memory/runs/';
/** Those that stand back, and read the world all the same. */
const ASIDE = 'memory/aside/';
/** More of them than this would find nothing that these do not: DigitalOcean takes 250 requests a minute. */
const ASIDE_AT_ONCE = 2;

/** A request that a run had sent when it was ended is over sooner. */
const IN_FLIGHT_MS = 15_000;

/**
 * Whether this run may decide and make machines. `taken`: another run may do so at this moment; `crowded`: and enough
 * others look on already. `unknown`: so it may, as far as one knows.
 */
export type Turn =
  | { kind: 'mine' }
  | { kind: 'taken'; by: string; crowded: boolean }
  | { kind: 'unknown'; reason: string };

export interface TurnTools {
  store: Pick<RemovingStore, 'list' | 'put' | 'remove'>;
  /** How long a run lives at most. */
  limitMs: number;
}

/**
 * Spaces can write nothing on a condition: a run says that it is there, and only then looks who else is. Of two at once
 * one at least sees the other, and whoever sees another stands back: at once, or one run after the other would see
 * somebody who does nothing. All of it by the store's clock. Never rejects.
 */
export async function takeTurn(
  { store, limitMs }: TurnTools,
  run: string,
  signal?: AbortSignal,
): Promise<{ turn: Turn; over: string[] }> {
  const own = keyOf(run);
  const over: string[] = [];
  try {
    await store.put(own, JSON.stringify({ v: 1, run }), signal);
    let others: string | undefined;
    let seesItself = false;
    for await (const page of store.list(RUNS, signal)) {
      for (const { key, ageMs } of page) {
        if (key === own) seesItself = true;
        else if (ageMs <= limitMs + IN_FLIGHT_MS) others = key.slice(RUNS.length, -'.json'.length);
        else over.push(key);
      }
    }
    if (others !== undefined) {
      await store.remove(own, signal);
      const crowded = await isCrowded(store, run, limitMs, signal);
      return { turn: { kind: 'taken', by: others, crowded }, over: [...over, asideOf(run)] };
    }
    // A list that does not show what was just written may hide another's as well.
    if (!seesItself)
      return { turn: { kind: 'unknown', reason: 'the store does not list what it was given' }, over };
    return { turn: { kind: 'mine' }, over };
  } catch (cause) {
    return { turn: { kind: 'unknown', reason: describeError(cause) }, over: [] };
  }
}

/**
 * Those that came first look on: their names begin with when they came, and so tell all of them the same. One that was
 * killed counts for as long as it might have lived.
 */
async function isCrowded(
  store: TurnTools['store'],
  run: string,
  limitMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const own = asideOf(run);
  await store.put(own, JSON.stringify({ v: 1, run }), signal);
  const before: string[] = [];
  for await (const page of store.list(ASIDE, signal))
    for (const { key, ageMs } of page) if (key < own && ageMs <= limitMs) before.push(key);
  return before.length >= ASIDE_AT_ONCE;
}

/** Only once nothing of this run is under way any more. Gives what failed: then the mark ages. */
export async function endTurn(
  { store }: TurnTools,
  run: string,
  over: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  await Promise.allSettled([keyOf(run), ...over].map((key) => store.remove(key, signal)));
}

function asideOf(run: string): string {
  return `${ASIDE}${run}.json`;
}

function keyOf(run: string): string {
  return `${RUNS}${run}.json`;
}
