import { isDeepStrictEqual } from 'node:util';

/** What became of the things of one kind. A thing that stayed as it was is in none of the lists. */
export interface Changes<Thing> {
  added: Thing[];
  changed: { before: Thing; after: Thing }[];
  removed: Thing[];
}

/** Of two lists whose things are the same where their keys are. */
export function compare<Thing>(
  before: readonly Thing[],
  after: readonly Thing[],
  keyOf: (thing: Thing) => string,
): Changes<Thing> {
  const earlier = new Map(before.map((thing) => [keyOf(thing), thing]));
  const later = new Set(after.map(keyOf));
  const changes: Changes<Thing> = {
    added: [],
    changed: [],
    removed: before.filter((thing) => !later.has(keyOf(thing))),
  };
  for (const thing of after) {
    const old = earlier.get(keyOf(thing));
    if (old === undefined) changes.added.push(thing);
    else if (!isDeepStrictEqual(old, thing)) changes.changed.push({ before: old, after: thing });
  }
  return changes;
}

/** The members of a thing that are no longer as they were: a change says nothing of the others. */
export function changedMembers<Thing extends object>(before: Thing, after: Thing): Partial<Thing> {
  const members: Partial<Thing> = { ...after };
  for (const key of Object.keys(after) as (keyof Thing)[]) {
    if (isDeepStrictEqual(before[key], after[key])) delete members[key];
  }
  return members;
}
