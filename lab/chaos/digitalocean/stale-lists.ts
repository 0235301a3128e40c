import type { Objects, StoredObject } from '../../aws/objects.ts';

/** A store whose lists may show what was there a while ago; what is read by its name is always as it is. */
export interface StaleLists {
  objects: Objects;
  /** Until then, ms since the epoch, lists are so old. */
  until: number;
  byMs: number;
}

interface Version {
  at: number;
  /** Undefined: it was removed. */
  object: StoredObject | undefined;
}

export function withStaleLists(objects: Objects, now: () => number): StaleLists {
  /** By bucket and key, from the first. */
  const past = new Map<string, Version[]>();

  function note(bucket: string, key: string, object: StoredObject | undefined): void {
    const id = `${bucket}/${key}`;
    past.set(id, [...(past.get(id) ?? []), { at: now(), object }]);
  }

  objects.onWrite((bucket, object) => note(bucket, object.key, object));
  const lists: StaleLists = {
    until: 0,
    byMs: 0,
    objects: {
      ...objects,
      remove(bucket, key) {
        objects.remove(bucket, key);
        note(bucket, key, undefined);
      },
      list(bucket, prefix) {
        if (now() >= lists.until) return objects.list(bucket, prefix);
        const asOf = now() - lists.byMs;
        const start = `${bucket}/${prefix}`;
        return [...past]
          .filter(([id]) => id.startsWith(start))
          .flatMap(([, versions]) => versions.findLast(({ at }) => at <= asOf)?.object ?? [])
          .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
      },
    },
  };
  return lists;
}
