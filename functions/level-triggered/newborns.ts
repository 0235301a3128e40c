import * as v from 'valibot';
import type { FleetReading, MemoryReading } from '../../fleet/registry.ts';
import type { AgedMachine } from './standing.ts';

const when = v.pipe(v.string(), v.isoTimestamp());

/**
 * The machines that a function has made itself, by their names, from before they are asked for until they have announced
 * themselves or are heard of for the first time; and since when machines are off, which some clouds do not tell.
 */
export const nurserySchema = v.object({
  v: v.literal(1),
  births: v.array(v.object({ node: v.string(), at: when })),
  off: v.array(v.object({ machine: v.string(), since: when })),
});
export type Nursery = v.InferOutput<typeof nurserySchema>;
export type Birth = Nursery['births'][number];

/** `first`: there is none yet, so no machine was ever made. */
export type NurseryReading =
  | { kind: 'known'; nursery: Nursery; first: boolean }
  | { kind: 'corrupt' | 'unknown'; reason: string };

export const NO_NURSERY: Nursery = { v: 1, births: [], off: [] };

export function readNursery(reading: MemoryReading): NurseryReading {
  switch (reading.kind) {
    case 'none':
      return { kind: 'known', nursery: NO_NURSERY, first: true };
    case 'unknown':
    case 'corrupt':
      return reading;
    case 'found': {
      const parsed = v.safeParse(nurserySchema, reading.memory);
      return parsed.success
        ? { kind: 'known', nursery: parsed.output, first: false }
        : { kind: 'corrupt', reason: v.summarize(parsed.issues) };
    }
  }
}

/**
 * Who has announced to the function itself that it is about to take calls. A node takes none before the function has
 * answered it, so that who is not among them runs none; words in the store say no such thing, as others can delete them.
 */
export type AnnouncedReading =
  | { kind: 'known'; nodes: ReadonlySet<string> }
  | { kind: 'unknown'; reason: string };

/** What was asked for and is still not to be seen then is counted on no more. */
const UNSEEN_MS = 120_000;
/** And is looked for until then: by a request that was held up, it may have been made all the same. */
const LOOKED_FOR_MS = 600_000;

/** Those that were asked for and are not among the machines: they may come any moment. */
export function unseenBirths(
  births: readonly Birth[],
  machines: readonly Pick<AgedMachine, 'node'>[],
  now: number,
): Birth[] {
  return missingFrom(machines, births).filter(({ at }) => sinceMs(at, now) < UNSEEN_MS);
}

/** Those of `named` who are not among `machines`. */
export function missingFrom<Named extends { node: string }>(
  machines: readonly { node: string }[],
  named: readonly Named[],
): Named[] {
  const seen = new Set(machines.map(({ node }) => node));
  return named.filter(({ node }) => !seen.has(node));
}

/** Those that are still to be heard of: not one that has ever spoken, nor one that will not come any more. */
export function openBirths(
  births: readonly Birth[],
  machines: readonly Pick<AgedMachine, 'node'>[],
  { fleet, announced, now }: { fleet: FleetReading; announced: AnnouncedReading; now: number },
): Birth[] {
  const missing = new Set(missingFrom(machines, births));
  return births.filter((birth) =>
    missing.has(birth)
      ? sinceMs(birth.at, now) < LOOKED_FOR_MS
      : !fleet.nodes.has(birth.node) && !(announced.kind === 'known' && announced.nodes.has(birth.node)),
  );
}

/** Whichever way the clocks of two runs are apart. */
function sinceMs(at: string, now: number): number {
  return Math.abs(now - Date.parse(at));
}

/**
 * A machine that this function made itself, that is long due, and has neither announced itself nor ever said a word: it
 * runs no calls. A machine that has once spoken is never one, however silent it is, nor one whose birth is not remembered:
 * its words may be lost.
 */
export function neverCameUp(
  { node, ageMs, protected: isProtected }: AgedMachine,
  births: readonly Birth[],
  { fleet, announced }: { fleet: FleetReading; announced: AnnouncedReading },
  bootTimeoutMs: number,
): boolean {
  if (isProtected || !(ageMs >= bootTimeoutMs)) return false;
  if (!fleet.complete || fleet.nodes.has(node)) return false;
  if (announced.kind !== 'known' || announced.nodes.has(node)) return false;
  return births.some((birth) => birth.node === node);
}
