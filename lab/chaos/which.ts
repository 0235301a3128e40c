import type { NodeInWorld } from './cloud.ts';
import type { Which } from './step.ts';

/** Its order of launch; undefined: there is none. */
export function placeOf(which: Which, nodes: readonly NodeInWorld[]): number | undefined {
  if (typeof which === 'number') return which < nodes.length ? which : undefined;
  const decided = nodes.flatMap(({ standing }, place) =>
    standing === 'leaving' || standing === 'kept' ? [place] : [],
  );
  return decided[which.decided];
}

/** Of those in order of launch, the one that a step means; undefined: there is none. */
export function memberMeant<Member>(
  which: Which,
  nodes: readonly NodeInWorld[],
  members: readonly Member[],
): Member | undefined {
  const place = placeOf(which, nodes);
  return place === undefined ? undefined : members[place];
}
