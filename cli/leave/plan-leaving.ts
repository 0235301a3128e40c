import { chooseVictims } from '../../fleet/choose-victims.ts';
import type { PoolAddress } from '../../fleet/pool-address.ts';
import { isLeaving, isProtected, type PoolWorld, type Seen, seeAll } from '../view/seen.ts';

/** Who is to leave: one node, all but so many, or whoever has not the software that new nodes get. */
export type Wish = { kind: 'node'; node: string } | { kind: 'all'; keep: number } | { kind: 'outdated' };

export interface LeavingPlan {
  /** Each is asked now, and then drains. */
  ask: { seen: Seen; reason: string }[];
  /** Wished, and on their way already. */
  leaving: Seen[];
  /** Wished, and not asked yet: why. */
  waiting: { node: string; reason: string }[];
  /** Wished, and kept: an operator protects them. */
  protected: Seen[];
  /** Why nothing may be done now: what it rests on is not known. */
  held: string | undefined;
  /** Nothing is left to do, and nobody to wait for. */
  isDone: boolean;
}

/** Pure: whom to ask next. It looks at the world as it is: whoever begins it anew goes on where it was. */
export function planLeaving(
  wish: Wish,
  { cloud, template, rules }: PoolAddress,
  world: PoolWorld,
): LeavingPlan {
  const leaves = (seen: Seen) => isLeaving(seen, cloud);
  const held = whyHeld(world);
  if (held !== undefined) return { ...NOBODY, held };
  const all = seeAll(world);
  const wished = all.filter((seen) => isWished(wish, seen, template));
  const leaving = wished.filter(leaves);
  const staying = wished.filter((seen) => !leaves(seen) && !isProtected(seen));
  const kept = wished.filter((seen) => !leaves(seen) && isProtected(seen));
  // Those that nobody may ask to go are the first of those that stay.
  const keep = wish.kind === 'all' ? Math.max(0, wish.keep - kept.length) : 0;
  const count = Math.max(0, staying.length - keep);
  const { victims, passedOver } = chooseVictims(
    staying.map((seen) => ({
      node: seen.machine.node,
      zone: seen.machine.zone,
      reading: seen.reading,
    })),
    [{ count }],
    {
      minServing: 0,
      // A person means just this one, whatever else drains.
      maxDrains: wish.kind === 'node' ? Number.POSITIVE_INFINITY : rules.maxDrains,
      drainsUnderWay: all.filter(leaves).length,
      coolDownMs: 0,
      warmUpMs: 0,
      // Who is silent takes up the decision when it speaks again; those of whom it is known go first.
      unknown: 'known-first',
      alreadyChosen: new Set(),
    },
    world.now,
  );
  const byName = new Map(staying.map((seen) => [seen.machine.node, seen]));
  const ask = victims.flatMap(({ node, reason }) => {
    const seen = byName.get(node);
    return seen === undefined ? [] : [{ seen, reason }];
  });
  return {
    ask,
    leaving,
    waiting: ask.length < count ? passedOver : [],
    protected: kept,
    held: undefined,
    isDone: count === 0 && leaving.length === 0,
  };
}

const NOBODY = { ask: [], leaving: [], waiting: [], protected: [], isDone: false } as const satisfies Omit<
  LeavingPlan,
  'held'
>;

/** A machine that is not shown may be one that is wished away, or one that drains. */
function whyHeld({ machines, decisions }: PoolWorld): string | undefined {
  if (machines.kind === 'unknown') return `its machines could not be read: ${machines.reason}`;
  if (!decisions.complete)
    return `its decisions were not read to their end: ${decisions.problem ?? 'unknown cause'}`;
  return undefined;
}

function isWished(wish: Wish, { machine, reading }: Seen, template: string): boolean {
  switch (wish.kind) {
    case 'node':
      return machine.node === wish.node;
    case 'all':
      return true;
    case 'outdated':
      // Of whom it is not known, nothing is said.
      return reading.kind === 'fresh' && (reading.status.software.template ?? template) !== template;
    default:
      return wish satisfies never;
  }
}
