import type { Decision } from '../../fleet/decision.ts';
import type { PoolMemory } from './memory.ts';
import type { PoolRules, SeenMachine } from './world.ts';

/** Seen outside for so long, in run after run: one list that was read at an odd moment adopts nobody. */
const ADOPT_AFTER_MS = 90_000;

/**
 * The machines that nobody has, with since when: outside of their group, and no decision says why. A person took them out,
 * or a decision was lost. Who is protected stays as he is.
 */
export function strays(
  machines: readonly SeenMachine[],
  before: PoolMemory['outside'],
  now: number,
): PoolMemory['outside'] {
  return machines
    .filter((seen) => seen.place === 'outside' && isStray(seen))
    .map(({ node, machine }) => {
      const earlier = before.find((stray) => stray.machine === machine);
      return { node, machine, since: earlier?.since ?? new Date(now).toISOString() };
    });
}

function isStray({ decided, protected: isProtected, reading }: SeenMachine): boolean {
  const nodeSaysProtected = reading.kind === 'fresh' && reading.status.protected;
  return decided.kind === 'none' && !isProtected && !nodeSaysProtected;
}

/** The decisions by which strays leave, as any other machine does. */
export function adopt<Machine extends SeenMachine>(
  machines: readonly Machine[],
  { outside, claims }: Pick<PoolMemory, 'outside' | 'claims'>,
  { pool, by }: Pick<PoolRules, 'pool' | 'by'>,
  now: number,
  createId: () => string,
): { machine: Machine; decision: Decision }[] {
  return machines.flatMap((seen) => {
    const { node, machine } = seen;
    const stray = outside.find((each) => each.machine === machine);
    if (stray === undefined) return [];
    const claim = claims.find((each) => each.machine === machine);
    const lostId = claim?.id ?? idOfLostDecision(seen);
    if (lostId === undefined && now - Date.parse(stray.since) < ADOPT_AFTER_MS) return [];
    const decision: Decision = {
      v: 1,
      id: lostId ?? createId(),
      node,
      machine,
      pool,
      at: claim?.at ?? new Date(now).toISOString(),
      by,
      cause: lostId === undefined ? 'operator' : 'scale-in',
      intent: 'leave',
      reason:
        lostId === undefined
          ? `it is out of its group since ${stray.since} or longer, and nobody decided that: taken for a person's wish`
          : `it is out of its group, and its decision ${lostId} was lost`,
    };
    return [{ machine: seen, decision }];
  });
}

/** The machine carries it, or its node goes by it: under another id it would not be known to be the same. */
function idOfLostDecision({ mark, reading }: SeenMachine): string | undefined {
  if (mark !== undefined && mark !== '') return mark;
  const said = reading.kind === 'fresh' ? reading.status.decision : undefined;
  return said?.intent === 'leave' ? said.id : undefined;
}
