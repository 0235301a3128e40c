import * as v from 'valibot';
import { describeDuration } from '../../fleet/duration.ts';
import type { ObjectStore } from '../../fleet/object-store.ts';
import { Refused } from '../leave/leaving-event.ts';

const CLAIMS = 'memory/rolls/';
/** So old a claim may be, by the store's clock, that whoever wrote it still rolls. */
export const LEASE_MS = 180_000;
/** A look and a request that hangs are over between this and the lease. */
const RENEW_AFTER_MS = 45_000;
const LOST_AFTER_MS = LEASE_MS - RENEW_AFTER_MS;
/** What is older is not worth a word. */
const REMEMBERED_MS = 24 * 3_600_000;

const claimSchema = v.object({
  v: v.literal(1),
  id: v.pipe(v.string(), v.minLength(1)),
  by: v.string(),
  since: v.pipe(v.string(), v.isoTimestamp()),
});
type Claim = v.InferOutput<typeof claimSchema>;

export interface RollLock {
  /** Before each thing that is done under it: renews it where that is due. Rejects where another may roll by now. */
  keep(): Promise<void>;
  /** Rejects where it could not be given back: it ends by itself then. */
  free(): Promise<void>;
}

export interface RollLockTools {
  store: Pick<ObjectStore, 'list' | 'get' | 'put'>;
  now: () => number;
  /** Of a roll that was taken over, and of what else a person should know. */
  say: (text: string) => void;
}

/**
 * One roll of a pool at a time. Not every store writes on a condition: a roll says that it is there, and only then looks who
 * else is; of two at once one at least sees the other, and stands back. Whoever is not heard of for the lease is dead. Each
 * word is an object of its own: Cloud Storage takes one write a second of one, and asks for another right to write it over.
 * Rejects with `Refused` where another rolls.
 */
export async function takeRollLock(
  { store, now, say }: RollLockTools,
  own: { id: string; by: string },
): Promise<RollLock> {
  const claim: Claim = { v: 1, ...own, since: new Date(now()).toISOString() };
  const keyOf = (word: number) => `${CLAIMS}${own.id}/${String(word).padStart(6, '0')}.json`;
  let words = 0;
  const speak = async () => {
    const at = now();
    words += 1;
    await store.put(keyOf(words), JSON.stringify(claim));
    return at;
  };
  const free = () => store.put(overKey(own.id), JSON.stringify(claim));
  // Whoever is refused leaves nothing there.
  refuseAlive(await otherClaims(store));
  let heldSince = await speak();
  try {
    const others = await otherClaims(store, own.id);
    refuseAlive(others);
    // Who may not read what others say there finds that out now, and not when somebody rolls.
    await store.get(keyOf(1));
    for (const dead of others) say(describeDead(dead));
    // Words of the dead would be told again and again.
    for (const { id, claim: left } of others) await store.put(overKey(id), JSON.stringify(left));
  } catch (cause) {
    await Promise.allSettled([free()]);
    throw cause;
  }
  return {
    async keep() {
      const heldMs = now() - heldSince;
      // A clock that was set back says nothing of how long it was.
      if (heldMs >= 0 && heldMs < RENEW_AFTER_MS) return;
      // By its end another may have taken it over, and must not be written over.
      if (heldMs >= LOST_AFTER_MS)
        throw new Error(
          `this roll stood still for ${describeDuration(heldMs)}, and another may have taken it over: run it again, and it goes on where the pool is`,
        );
      try {
        heldSince = await speak();
      } catch (cause) {
        // It is held for a while yet, and the next look tries again.
        if (heldMs < 0 || now() - heldSince >= LOST_AFTER_MS) throw cause;
      }
    },
    free,
  };
}

function overKey(id: string): string {
  return `${CLAIMS}${id}/${OVER}`;
}

function refuseAlive(others: readonly OtherClaim[]): void {
  const alive = others.find(({ ageMs }) => ageMs <= LEASE_MS);
  if (alive !== undefined) throw new Refused('another-roll', describeAlive(alive));
}

/** It has ended, and nobody is to wait for it. Behind its other words. */
const OVER = 'over.json';

interface OtherClaim {
  id: string;
  ageMs: number;
  claim: Claim;
}

/** Those that are not over. A list that does not show what was just written may hide another's as well. */
async function otherClaims(store: RollLockTools['store'], own?: string): Promise<OtherClaim[]> {
  const newest = new Map<string, { key: string; ageMs: number }>();
  let seesItself = own === undefined;
  for await (const page of store.list(CLAIMS))
    for (const { key, ageMs } of page) {
      const [id = ''] = key.slice(CLAIMS.length).split('/');
      if (id === own) seesItself = true;
      // Lists are in the order of names.
      else if (ageMs <= REMEMBERED_MS) newest.set(id, { key, ageMs });
    }
  if (!seesItself)
    throw new Error("the pool's store does not list what it was given: who else rolls is not known");
  const found: OtherClaim[] = [];
  for (const [id, { key, ageMs }] of newest) {
    if (key.endsWith(`/${OVER}`)) continue;
    const object = await store.get(key);
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), claimSchema), object?.body);
    // One that makes no sense is of another version, and may be at work: it is over when it is old.
    if (parsed.success || ageMs <= LEASE_MS)
      found.push({ id, ageMs, claim: parsed.success ? parsed.output : UNREADABLE });
  }
  return found;
}

const UNREADABLE: Claim = {
  v: 1,
  id: 'unreadable',
  by: 'somebody (what he wrote makes no sense)',
  since: new Date(0).toISOString(),
};

function describeAlive({ ageMs, claim: { by, since } }: OtherClaim): string {
  return `${by} rolls this pool since ${since}, and was heard of ${describeDuration(ageMs)} ago: two rolls at once would be in each other's way. Nothing was changed; where that one is dead, it is taken over ${describeDuration(LEASE_MS)} after it was last heard of`;
}

function describeDead({ ageMs, claim: { by, since } }: OtherClaim): string {
  return `${by} began a roll at ${since}, and was last heard of ${describeDuration(ageMs)} ago: it is taken over`;
}
