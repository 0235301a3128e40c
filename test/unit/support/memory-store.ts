import { setMaxListeners } from 'node:events';
import type { ObjectStore, StoredObject } from '../../../fleet/object-store.ts';

export interface MemoryStore extends ObjectStore {
  objects: Map<string, { body: string; ageMs: number }>;
  /** Keys and prefixes that fail, with what they fail with; `hang` answers only once the caller gives up. */
  failing: Map<string, Error | 'hang'>;
  /** How many objects a page of a list has. */
  pageSize: number;
  /** What was asked, in order: `list statuses/`, `get x`, `put x`. */
  asked: string[];
}

/** An object store in memory, which fails where it is told to. `list PREFIX#2` fails from the second page on. */
export function createMemoryStore(): MemoryStore {
  const objects: MemoryStore['objects'] = new Map();
  const failing: MemoryStore['failing'] = new Map();
  const asked: string[] = [];

  async function ask(what: string, signal?: AbortSignal): Promise<void> {
    asked.push(what);
    const failure = failing.get(what);
    if (failure === 'hang') {
      if (signal) setMaxListeners(0, signal);
      await new Promise((_, reject) => {
        if (signal?.aborted) reject(new Error(`${what}: given up`));
        signal?.addEventListener('abort', () => reject(new Error(`${what}: given up`)));
      });
    }
    if (failure instanceof Error) throw failure;
    signal?.throwIfAborted();
  }

  async function* pages(
    what: string,
    prefix: string,
    after: string,
    signal?: AbortSignal,
  ): AsyncIterable<StoredObject[]> {
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    for (let page = 0; page === 0 || page * store.pageSize < keys.length; page += 1) {
      await ask(page === 0 ? what : `${what}#${page + 1}`, signal);
      yield keys
        .slice(page * store.pageSize, (page + 1) * store.pageSize)
        .map((key): StoredObject => ({ key, ageMs: objects.get(key)?.ageMs ?? 0 }));
    }
  }

  const store: MemoryStore = {
    objects,
    failing,
    asked,
    pageSize: 1_000,
    list: (prefix, signal) => pages(`list ${prefix}`, prefix, '', signal),
    listAfter: (prefix, after, signal) => pages(`list ${prefix} after ${after}`, prefix, after, signal),
    async get(key, signal) {
      await ask(`get ${key}`, signal);
      const object = objects.get(key);
      return object === undefined ? undefined : { key, ...object };
    },
    async put(key, body, signal) {
      await ask(`put ${key}`, signal);
      objects.set(key, { body, ageMs: 0 });
    },
  };
  return store;
}
