import { describeReading } from '../../fleet/node-reading.ts';
import type { PoolAddress } from '../../fleet/pool-address.ts';
import {
  holdsUpOthers,
  isLeaving,
  isProtected,
  mayBeDecided,
  type PoolWorld,
  type Seen,
  seeAll,
} from '../view/seen.ts';
import { allBut, choose, serves, withoutMissed } from './who-first.ts';

/** Who is to leave: one node, all but so many, or whoever has not the software that new nodes get. */
export type Wish = { kind: 'node'; node: string } | { kind: 'all'; keep: number } | { kind: 'outdated' };

export interface LeavingPlan {
  /** Each is asked now, and then drains. `isMissed`: without it there would be fewer than the pool's minimum. */
  ask: { seen: Seen; reason: string; isMissed: boolean }[];
  /** Wished, and on their way already. */
  leaving: Seen[];
  /** So many more are wished, and not asked yet: why. */
  waiting: { more: number; reason: string };
  /** Wished, and kept: an operator protects them. */
  protected: Seen[];
  /** Of a roll: nothing is known of their software. */
  unjudged: Seen[];
  /** Of a roll: these have come since it began, and their software is not that of new nodes either. */
  strange: Seen[];
  /** Wished, and it could not be read whether they are to leave already. */
  unread: Seen[];
  /** Why nothing may be done now: what it rests on is not known. */
  held: string | undefined;
  /** Nothing is left to do, and nobody to wait for. */
  isDone: boolean;
}

/** What is remembered of one run. */
export interface Begun {
  /** The machines that were there when it began: what the load has brought since is none of those that are to leave. */
  among?: ReadonlySet<string> | undefined;
  /** Those that were asked so short a time ago that a list may not show it yet. */
  asked?: ReadonlySet<string>;
}

/** Pure: whom to ask next. It looks at the world as it is: whoever begins it anew goes on where it was. */
export function planLeaving(
  wish: Wish,
  address: PoolAddress,
  world: PoolWorld,
  { among, asked }: Begun = {},
): LeavingPlan {
  const { cloud, template, rules } = address;
  const held = whyHeld(world);
  if (held !== undefined) return { ...NOBODY, held };
  const all = seeAll(world);
  const isKnown = ({ machine }: Seen) => among?.has(machine.machine) ?? true;
  const leaves = (seen: Seen) => isLeaving(seen, cloud) || (asked?.has(seen.machine.machine) ?? false);
  // A person means just this one: what is written of it anew can be read.
  const isUnread = (seen: Seen) => wish.kind !== 'node' && !leaves(seen) && mayBeDecided(seen, cloud);
  const wished = all.filter((seen) => isKnown(seen) && isWished(wish, seen, template));
  const leaving = wished.filter(leaves);
  const unread = wished.filter(isUnread);
  const open = wished.filter((seen) => !leaves(seen) && !isUnread(seen));
  const kept = open.filter(isProtected);
  const staying = open.filter((seen) => !isProtected(seen));
  const goers = wish.kind === 'all' ? allBut(wish.keep, staying, kept, world.now) : staying;
  const serving = all.filter((seen) => !leaves(seen) && !isUnread(seen) && serves(seen)).length;
  const mayGo = wish.kind === 'outdated' ? withoutMissed(goers, serving, rules.min, world.now) : goers;
  const { victims, passedOver } = choose(
    mayGo,
    // A person means just this one, whatever else drains.
    wish.kind === 'node' ? Number.POSITIVE_INFINITY : rules.maxDrains,
    all.filter((seen) => (leaves(seen) || isUnread(seen)) && holdsUpOthers(seen, world.now)).length,
    world.now,
  );
  let here = all.filter((seen) => !leaves(seen) && isUp(seen)).length;
  const ask = victims.map((victim) => {
    if (isUp(victim.seen)) here -= 1;
    // Who was named was chosen for no other reason than that.
    const reason = wish.kind === 'node' ? describeReading(victim.seen.reading) : victim.reason;
    return { ...victim, reason, isMissed: isUp(victim.seen) && here < rules.min };
  });
  return {
    ask,
    leaving,
    waiting: {
      more: goers.length - victims.length,
      reason:
        mayGo.length < goers.length && victims.length === mayGo.length
          ? `${serving} serve, and ${rules.min} are to: ${whenceOthers(address)}`
          : (passedOver[0]?.reason ?? ''),
    },
    protected: kept,
    ...(wish.kind === 'outdated' ? othersOfRoll(all, template, isKnown, leaves) : NO_OTHERS),
    unread,
    held: undefined,
    isDone: goers.length === 0 && leaving.length === 0,
  };
}

const NO_OTHERS: Pick<LeavingPlan, 'unjudged' | 'strange'> = { unjudged: [], strange: [] };

/**
 * Whom a roll leaves alone. What has come since it began is new: where its software is not that of new nodes, this roll has
 * an old word of what is new, and would have new nodes leave for ever.
 */
function othersOfRoll(
  all: readonly Seen[],
  template: string,
  isKnown: (seen: Seen) => boolean,
  leaves: (seen: Seen) => boolean,
): Pick<LeavingPlan, 'unjudged' | 'strange'> {
  const staying = all.filter((seen) => !leaves(seen));
  return {
    unjudged: staying.filter((seen) => isKnown(seen) && templateOf(seen) === undefined),
    strange: staying.filter((seen) => !isKnown(seen) && isWished({ kind: 'outdated' }, seen, template)),
  };
}

/** undefined where nothing is known of it. */
function templateOf({ reading }: Seen): string | undefined {
  return reading.kind === 'fresh' ? reading.status.software.template : undefined;
}

/** Where nobody scales a group, none comes by itself. */
function whenceOthers(address: PoolAddress): string {
  if (address.cloud !== 'gcp' || address.scales !== false) return 'those that come must serve first';
  const { group, region, project } = address;
  return `scaling.kind is none, and nobody makes others: make the group larger by one (gcloud compute instance-groups managed resize ${group} --region ${region} --project ${project} --size N), and once that serves it goes on`;
}

const NOBODY: Omit<LeavingPlan, 'held'> = {
  ask: [],
  leaving: [],
  waiting: { more: 0, reason: '' },
  protected: [],
  ...NO_OTHERS,
  unread: [],
  isDone: false,
};

/** A machine that is not shown may be one that is wished away, or one that drains; one whose status is not shown may be protected. */
function whyHeld({ machines, fleet, decisions }: PoolWorld): string | undefined {
  if (machines.kind === 'unknown') return `its machines could not be read: ${machines.reason}`;
  if (!fleet.complete) return `its statuses were not read to their end: ${fleet.problem ?? 'unknown cause'}`;
  if (!decisions.complete)
    return `its decisions were not read to their end: ${decisions.problem ?? 'unknown cause'}`;
  return undefined;
}

function isWished(wish: Wish, seen: Seen, template: string): boolean {
  switch (wish.kind) {
    case 'node':
      return seen.machine.node === wish.node;
    case 'all':
      return true;
    case 'outdated':
      // Of whom it is not known, nothing is said.
      return (templateOf(seen) ?? template) !== template;
    default:
      return wish satisfies never;
  }
}

/** It serves, or is about to. */
function isUp({ machine: { place } }: Seen): boolean {
  return place === 'in-group' || place === 'unsettled';
}
