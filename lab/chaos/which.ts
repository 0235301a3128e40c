import type { NodeInWorld } from './cloud.ts';

/**
 * A node by its order of launch, beginning with 0; or the so-and-so-many-th of those that are on their way out when the
 * step begins, by their order too: what goes wrong with these is worst.
 */
export type Which = number | { decided: number };

/** Its order of launch; undefined: there is none. */
export function placeOf(which: Which, nodes: readonly NodeInWorld[]): number | undefined {
  if (typeof which === 'number') return which < nodes.length ? which : undefined;
  const decided = nodes.flatMap(({ standing }, place) =>
    standing === 'leaving' || standing === 'kept' ? [place] : [],
  );
  return decided[which.decided];
}
