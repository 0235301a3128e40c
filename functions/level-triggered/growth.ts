import { type AgedMachine, type Standing, standingOf } from './standing.ts';

/** How many more machines the account may have; unknown where that could not be read. */
export type AccountReading = { kind: 'known'; room: number } | { kind: 'unknown'; reason: string };

export interface GrowthGiven {
  machines: readonly AgedMachine[];
  /** Machines that were asked for, and are not to be seen yet. */
  unseen: number;
  /** How many are to serve: from `min` to `max`. */
  wanted: number;
  min: number;
  max: number;
  /** What may be there beside those that serve: the bill is bound by both together. */
  maxDrains: number;
  bootTimeoutMs: number;
  account: AccountReading;
}

export interface Growth {
  /** So many are made now. */
  count: number;
  /** So many more would be, if the account had room for them. */
  short: number;
  /** So many more would be, if there were not too many beside those that serve. */
  crowded: number;
}

/**
 * How many machines to make. What may serve is never help unless it is known to, yet holds its place below the maximum.
 * Drains hold no place there; yet all that there are together, off or silent ones too, are never more than the maximum and
 * the drains that are allowed. Whose word is there and could not be read, or is not believed, runs: the minimum does not
 * lack it.
 */
export function growthOf({
  machines,
  unseen,
  wanted,
  min,
  max,
  maxDrains,
  bootTimeoutMs,
  account,
}: GrowthGiven): Growth {
  const standings = machines.map((machine) => standingOf(machine, bootTimeoutMs));
  const count = (is: (standing: Standing) => boolean) => standings.filter(is).length;
  const help = unseen + count((standing) => standing === 'serving' || standing === 'coming');
  const places = unseen + count((standing) => standing !== 'gone');
  const heard = machines.filter(
    ({ reading }, index) => standings[index] === 'unknown' && reading.kind === 'unreadable',
  ).length;
  const lacking = wanted > min ? wanted - help : min - help - heard;
  const below = Math.max(0, Math.min(lacking, max - places));
  const payable = Math.max(0, Math.min(below, max + maxDrains - unseen - machines.length));
  const room = account.kind === 'known' ? Math.max(0, account.room) : payable;
  const made = Math.min(payable, room);
  return { count: made, short: payable - made, crowded: below - payable };
}
