import { chooseVictims } from '../../fleet/choose-victims.ts';
import type { Seen } from '../view/seen.ts';

export function serves({ reading }: Seen): boolean {
  return reading.kind === 'fresh' && reading.status.phase === 'serving';
}

/** Those that stay are such as serve, the fullest ones; where too few do, others stay as well: they may be about to. */
export function allBut(keep: number, staying: readonly Seen[], kept: readonly Seen[], now: number): Seen[] {
  const serving = staying.filter(serves);
  const others = staying.filter((seen) => !serves(seen));
  const keptServing = kept.filter(serves).length;
  const lacking = Math.max(0, keep - keptServing);
  const alsoLacking = Math.max(0, lacking - serving.length - (kept.length - keptServing));
  const ofServing = first(serving, Math.max(0, serving.length - lacking), now);
  const ofOthers = first(others, Math.max(0, others.length - alsoLacking), now);
  return [...ofServing, ...ofOthers];
}

/**
 * Of a roll: so many go at a time that as many serve on as are to, until the new ones do. Who does not serve is not missed.
 * Where no more serve than are to, one goes at a time: with none going, none would come.
 */
export function withoutMissed(goers: readonly Seen[], serving: number, min: number, now: number): Seen[] {
  const spare = serving < min ? 0 : Math.max(1, serving - min);
  return [...goers.filter((seen) => !serves(seen)), ...first(goers.filter(serves), spare, now)];
}

/** So many of them as go first, as any shrinking pool would choose. */
function first(of: readonly Seen[], count: number, now: number): Seen[] {
  return choose(of, count, 0, now).victims.map(({ seen }) => seen);
}

export function choose(
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
