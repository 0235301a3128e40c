import { describeError } from './error.ts';
import { listInParts } from './list-in-parts.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';

/** Reads under way at once. 1,000 statuses from a store that answers in 20 ms must fit in 1 s. */
const PARALLEL_READS = 64;

export interface Listing {
  store: ObjectStore;
  prefix: string;
  /** Whose turn comes first, of those that wait: the smallest. undefined: it is not read. */
  turn(object: StoredObject): number | undefined;
  read(key: string): Promise<void>;
  /** Keys that are probably there, in view of one that is; by which a long list is cut into parts. */
  keysOf?(listed: string): readonly string[];
  /** Nothing is read before all is listed. */
  listFirst?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Lists to the end while reading what is listed, and does not let slow reads hold up the list: a list that is complete
 * knows at least of every object that there is one. Gives why it was not read to its end.
 */
export async function readListed(
  listing: Listing,
): Promise<{ complete: true } | { complete: false; problem: string }> {
  const waiting: { key: string; turn: number }[] = [];
  const readers = new Set<Promise<void>>();

  async function readAllWaiting(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await listing.read(next.key);
  }

  function take(page: readonly StoredObject[]): void {
    for (const object of page) {
      const turn = object.key.endsWith('.json') ? listing.turn(object) : undefined;
      if (turn !== undefined) waiting.push({ key: object.key, turn });
    }
    waiting.sort((a, b) => a.turn - b.turn);
    if (listing.listFirst !== true) startReading();
  }

  function startReading(): void {
    while (waiting.length > 0 && readers.size < PARALLEL_READS) {
      const reader: Promise<void> = readAllWaiting().finally(() => readers.delete(reader));
      readers.add(reader);
    }
  }

  let problem: string | undefined;
  try {
    await listInParts(listing, take);
  } catch (cause) {
    problem = describeError(cause);
  }
  startReading();
  await Promise.all(readers);
  return problem === undefined ? { complete: true } : { complete: false, problem };
}
