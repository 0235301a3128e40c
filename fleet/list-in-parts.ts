import type { ObjectStore, StoredObject } from './object-store.ts';

/** How many keys that are probably there make a part: a page has 1,000, and some of old are there as well. */
const PART = 900;

export interface PartedList {
  store: Pick<ObjectStore, 'list' | 'listAfter'>;
  prefix: string;
  /** Keys that are probably there, in view of one that is. */
  keysOf?(listed: string): readonly string[];
  signal?: AbortSignal | undefined;
  /** Of how many keys that are probably there. */
  partOf?: number;
}

/**
 * Gives every object under a prefix, once, page by page. A page tells where the next one begins, so that ten of them take
 * ten times as long: where a list goes on behind its first page, and it is known what is probably there, the rest is
 * listed in parts, side by side. What is thought to be there only says where to cut: together the parts are the whole.
 * Rejects once all that could be listed was given, with why the rest could not.
 */
export async function listInParts(
  { store, prefix, keysOf = () => [], signal, partOf = PART }: PartedList,
  take: (page: StoredObject[]) => void,
): Promise<void> {
  const pages = store.list(prefix, signal)[Symbol.asyncIterator]();
  const { value: first, done } = await pages.next();
  if (done) return;
  take(first);
  const end = first.at(-1)?.key;
  const cuts = end === undefined || store.listAfter === undefined ? [] : cutsAfter(end, keysOf(end), partOf);
  if (end === undefined || cuts.length === 0) {
    for (let page = await pages.next(); !page.done; page = await pages.next()) take(page.value);
    return;
  }
  await pages.return?.(undefined);

  async function listPart(after: string, until: string | undefined): Promise<void> {
    for await (const page of store.listAfter?.(prefix, after, signal) ?? []) {
      const own = page.filter(({ key }) => until === undefined || key <= until);
      take(own);
      if (own.length < page.length) return;
    }
  }

  const parts = [end, ...cuts].map((after, index) => listPart(after, cuts[index]));
  const failed = (await Promise.allSettled(parts)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

function cutsAfter(end: string, expected: readonly string[], partOf: number): string[] {
  const beyond = [...new Set(expected)].filter((key) => key > end).sort();
  return beyond.filter((_, index) => index % partOf === partOf - 1);
}
