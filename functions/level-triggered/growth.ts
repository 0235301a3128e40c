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
  bootTimeoutMs: number;
  account: AccountReading;
}

export interface Growth {
  /** So many are made now. */
  count: number;
  /** So many more would be, if the account had room for them. */
  short: number;
}

/**
 * How many machines to make. What may serve is never help unless it is known to, yet holds its place below the maximum: a
 * pool whose nodes have all fallen silent gets its minimum anew, and no more than that. Drains hold no place.
 */
export function growthOf({
  machines,
  unseen,
  wanted,
  min,
  max,
  bootTimeoutMs,
  account,
}: GrowthGiven): Growth {
  const standings = machines.map((machine) => standingOf(machine, bootTimeoutMs));
  const count = (is: (standing: Standing) => boolean) => standings.filter(is).length;
  const help = unseen + count((standing) => standing === 'serving' || standing === 'coming');
  const places = unseen + count((standing) => standing !== 'gone');
  const below = Math.min(wanted - help, max - places);
  const least = Math.min(min - help, max + min - places);
  const lacking = Math.max(0, below, least);
  const room = account.kind === 'known' ? Math.max(0, account.room) : lacking;
  const made = Math.min(lacking, room);
  return { count: made, short: lacking - made };
}
