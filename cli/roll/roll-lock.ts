import { setTimeout as pause } from 'node:timers/promises';
import * as v from 'valibot';
import { describeDuration } from '../../fleet/duration.ts';
import type { ObjectStore } from '../../fleet/object-store.ts';
import { Refused } from '../leave/leaving-event.ts';

const CLAIMS = 'memory/rolls/';
/** So old a claim may be, by the store's clock, that whoever wrote it still rolls. */
export const LEASE_MS = 180_000;
/** A look and a request that hangs are over between this and the lease. */
const RENEW_AFTER_MS = 30_000;
/** Cloud Storage takes one write of an object in a second, and a roll may be over sooner. */
const AGAIN_AFTER_MS = 1_100;
/** What is older is not worth a word. */
const REMEMBERED_MS = 24 * 3_600_000;

const claimSchema = v.object({
  v: v.literal(1),
  id: v.pipe(v.string(), v.minLength(1)),
  by: v.string(),
  since: v.pipe(v.string(), v.isoTimestamp()),
  /** It has ended, and nobody is to wait for it. */
  over: v.optional(v.boolean(), false),
});
type Claim = v.InferOutput<typeof claimSchema>;

export interface RollLock {
  /** Before each thing that is done under it: renews it where that is due. Rejects where another may roll by now. */
  keep(): Promise<void>;
  /** Never rejects: a lock that cannot be given back ends by itself. */
  free(): Promise<void>;
}

export interface RollLockTools {
  store: Pick<ObjectStore, 'list' | 'get' | 'put'>;
  now: () => number;
  sleep?: ((ms: number) => Promise<unknown>) | undefined;
  /** Of a roll that was taken over, and of what else a person should know. */
  say: (text: string) => void;
}

/**
 * One roll of a pool at a time. Not every store writes on a condition: a roll says that it is there, and only then looks who
 * else is; of two at once one at least sees the other, and stands back. Whoever is not heard of for the lease is dead.
 * Rejects with `Refused` where another rolls.
 */
export async function takeRollLock(
  { store, now, say, sleep = (ms) => pause(ms) }: RollLockTools,
  own: { id: string; by: string },
): Promise<RollLock> {
  const key = `${CLAIMS}${own.id}.json`;
  const claim: Claim = { v: 1, ...own, since: new Date(now()).toISOString(), over: false };
  const write = async (over: boolean) => {
    const at = now();
    await store.put(key, JSON.stringify({ ...claim, over }));
    return at;
  };
  const free = async () => {
    const [first] = await Promise.allSettled([write(true)]);
    if (first.status === 'fulfilled') return;
    await sleep(AGAIN_AFTER_MS);
    await Promise.allSettled([write(true)]);
  };
  let heldSince = await write(false);
  try {
    const others = await otherClaims(store, key);
    const alive = others.find(({ ageMs }) => ageMs <= LEASE_MS);
    if (alive !== undefined) throw new Refused('another-roll', describeAlive(alive));
    for (const dead of others) say(describeDead(dead));
    // Words of the dead would be told again and again.
    for (const { key: of, claim: left } of others)
      await store.put(of, JSON.stringify({ ...left, over: true }));
  } catch (cause) {
    await free();
    throw cause;
  }
  return {
    async keep() {
      const heldMs = now() - heldSince;
      if (heldMs < RENEW_AFTER_MS) return;
      // By its end another may have taken it over, and must not be written over.
      if (heldMs >= LEASE_MS - RENEW_AFTER_MS)
        throw new Error(
          `this roll stood still for ${describeDuration(heldMs)}, and another may have taken it over: run it again, and it goes on where the pool is`,
        );
      heldSince = await write(false);
    },
    free,
  };
}

interface OtherClaim {
  key: string;
  ageMs: number;
  claim: Claim;
}

/** Those that are not over. A list that does not show what was just written may hide another's as well. */
async function otherClaims(store: RollLockTools['store'], own: string): Promise<OtherClaim[]> {
  const keys: string[] = [];
  let seesItself = false;
  for await (const page of store.list(CLAIMS))
    for (const { key, ageMs } of page) {
      if (key === own) seesItself = true;
      else if (ageMs <= REMEMBERED_MS) keys.push(key);
    }
  if (!seesItself)
    throw new Error("the pool's store does not list what it was given: who else rolls is not known");
  const found: OtherClaim[] = [];
  for (const key of keys) {
    const object = await store.get(key);
    if (object === undefined) continue;
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), claimSchema), object.body);
    // One that makes no sense is of another version, and may be at work: it is over when it is old.
    const claim = parsed.success ? parsed.output : UNREADABLE;
    if (!claim.over && (parsed.success || object.ageMs <= LEASE_MS))
      found.push({ key, ageMs: object.ageMs, claim });
  }
  return found;
}

const UNREADABLE: Claim = {
  v: 1,
  id: 'unreadable',
  by: 'somebody (what he wrote makes no sense)',
  since: new Date(0).toISOString(),
  over: false,
};

function describeAlive({ ageMs, claim: { by, since } }: OtherClaim): string {
  return `${by} rolls this pool since ${since}, and was heard of ${describeDuration(ageMs)} ago: two rolls at once would be in each other's way. Nothing was changed; where that one is dead, it is taken over ${describeDuration(LEASE_MS)} after it was last heard of`;
}

function describeDead({ ageMs, claim: { by, since } }: OtherClaim): string {
  return `${by} began a roll at ${since}, and was last heard of ${describeDuration(ageMs)} ago: it is taken over`;
}
