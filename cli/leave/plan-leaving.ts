import { chooseVictims } from '../../fleet/choose-victims.ts';
import type { PoolAddress } from '../../fleet/pool-address.ts';
import { holdsUpOthers, isLeaving, isProtected, type PoolWorld, type Seen, seeAll } from '../view/seen.ts';

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
  /** Why nothing may be done now: what it rests on is not known. */
  held: string | undefined;
  /** Nothing is left to do, and nobody to wait for. */
  isDone: boolean;
}

/**
 * Pure: whom to ask next. It looks at the world as it is: whoever begins it anew goes on where it was. `among`: the
 * machines that were there when it began; what the load has brought since is none of `all`.
 */
export function planLeaving(
  wish: Wish,
  address: PoolAddress,
  world: PoolWorld,
  among?: ReadonlySet<string>,
): LeavingPlan {
  const { cloud, template, rules } = address;
  const held = whyHeld(world);
  if (held !== undefined) return { ...NOBODY, held };
  const all = seeAll(world);
  const known = all.filter(({ machine }) => among?.has(machine.machine) ?? true);
  const leaves = (seen: Seen) => isLeaving(seen, cloud);
  const wished = (wish.kind === 'outdated' ? all : known).filter((seen) => isWished(wish, seen, template));
  const leaving = wished.filter(leaves);
  const kept = wished.filter((seen) => !leaves(seen) && isProtected(seen));
  const staying = wished.filter((seen) => !leaves(seen) && !isProtected(seen));
  const goers = wish.kind === 'all' ? allBut(wish.keep, staying, kept, world.now) : staying;
  const serving = all.filter((seen) => !leaves(seen) && serves(seen)).length;
  const mayGo = wish.kind === 'outdated' ? withoutMissed(goers, serving, rules.min, world.now) : goers;
  const { victims, passedOver } = choose(
    mayGo,
    // A person means just this one, whatever else drains.
    wish.kind === 'node' ? Number.POSITIVE_INFINITY : rules.maxDrains,
    all.filter((seen) => leaves(seen) && holdsUpOthers(seen, world.now)).length,
    world.now,
  );
  let here = all.filter((seen) => !leaves(seen) && isUp(seen)).length;
  const ask = victims.map((victim) => {
    if (isUp(victim.seen)) here -= 1;
    return { ...victim, isMissed: isUp(victim.seen) && here < rules.min };
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
    unjudged:
      wish.kind === 'outdated' ? known.filter((seen) => !leaves(seen) && seen.reading.kind !== 'fresh') : [],
    held: undefined,
    isDone: goers.length === 0 && leaving.length === 0,
  };
}

/** Where nobody scales a group, none comes by itself. */
function whenceOthers(address: PoolAddress): string {
  if (address.cloud !== 'gcp' || address.scales !== false) return 'those that come must serve first';
  const { group, region, project } = address;
  return `scaling.kind is none, and nobody makes others: make the group larger by one (gcloud compute instance-groups managed resize ${group} --region ${region} --project ${project} --size N), and once that serves it goes on`;
}

const NOBODY = {
  ask: [],
  leaving: [],
  waiting: { more: 0, reason: '' },
  protected: [],
  unjudged: [],
  isDone: false,
} as const satisfies Omit<LeavingPlan, 'held'>;

/** A machine that is not shown may be one that is wished away, or one that drains; one whose status is not shown may be protected. */
function whyHeld({ machines, fleet, decisions }: PoolWorld): string | undefined {
  if (machines.kind === 'unknown') return `its machines could not be read: ${machines.reason}`;
  if (!fleet.complete) return `its statuses were not read to their end: ${fleet.problem ?? 'unknown cause'}`;
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

/** It serves, or is about to. */
function isUp({ machine: { place } }: Seen): boolean {
  return place === 'in-group' || place === 'unsettled';
}

function serves({ reading }: Seen): boolean {
  return reading.kind === 'fresh' && reading.status.phase === 'serving';
}

/** Those that stay are such as serve, the fullest ones; where too few do, others stay as well: they may be about to. */
function allBut(keep: number, staying: readonly Seen[], kept: readonly Seen[], now: number): Seen[] {
  const serving = staying.filter(serves);
  const others = staying.filter((seen) => !serves(seen));
  const lacking = Math.max(0, keep - kept.length);
  const ofServing = first(serving, Math.max(0, serving.length - lacking), now);
  const ofOthers = first(others, Math.max(0, others.length - Math.max(0, lacking - serving.length)), now);
  return [...ofServing, ...ofOthers];
}

/**
 * Of a roll: so many go at a time that as many serve on as are to, until the new ones do. Who does not serve is not missed.
 * Where no more serve than are to, one goes at a time: with none going, none would come.
 */
function withoutMissed(goers: readonly Seen[], serving: number, min: number, now: number): Seen[] {
  const spare = serving < min ? 0 : Math.max(1, serving - min);
  return [...goers.filter((seen) => !serves(seen)), ...first(goers.filter(serves), spare, now)];
}

/** So many of them as go first, as any shrinking pool would choose. */
function first(of: readonly Seen[], count: number, now: number): Seen[] {
  return choose(of, count, 0, now).victims.map(({ seen }) => seen);
}

function choose(
  goers: readonly Seen[],
  maxDrains: number,
  drainsUnderWay: number,
  now: number,
): { victims: { seen: Seen; reason: string }[]; passedOver: { reason: string }[] } {
  const byName = new Map(goers.map((seen) => [seen.machine.node, seen]));
  const { victims, passedOver } = chooseVictims(
    goers.map((seen) => ({
      node: seen.machine.node,
      zone: seen.machine.zone,
      reading: seen.reading,
    })),
    [{ count: goers.length }],
    {
      minServing: 0,
      maxDrains,
      drainsUnderWay,
      coolDownMs: 0,
      warmUpMs: 0,
      // Who is silent takes up the decision when it speaks again; those of whom it is known go first.
      unknown: 'known-first',
      alreadyChosen: new Set(),
    },
    now,
  );
  const chosen = victims.flatMap(({ node, reason }) => {
    const seen = byName.get(node);
    return seen === undefined ? [] : [{ seen, reason }];
  });
  return { victims: chosen, passedOver };
}
