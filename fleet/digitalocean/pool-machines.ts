import type { Place, PoolMachine } from '../pool-machine.ts';
import type { ListedDroplet } from './droplets.ts';
import { drainingTag, markInTags, PROTECTED_TAG, poolTag } from './tags.ts';

export interface DropletMachine extends PoolMachine {
  dropletId: number;
  /** Since it was made, by DigitalOcean's own clock; NaN where that was not told. */
  ageMs: number;
  /** It lacks the pool's tag: that comes after a droplet is made, and may not have come. */
  untagged: boolean;
}

/** A restart is over sooner. */
const OFF_FOR_MS = 300_000;

/** Since when each droplet that is off has been, as far as the orchestrator has seen; undefined where that is not known. */
export type OffSince = readonly { machine: string; since: string }[] | undefined;

/** There is no group: a droplet is in its pool until it is tagged as draining. */
export function machinesOf(
  droplets: readonly ListedDroplet[],
  pool: string,
  off: OffSince,
  now: number,
): DropletMachine[] {
  const times = new Map<string, number>();
  for (const { name } of droplets) times.set(name, (times.get(name) ?? 0) + 1);
  return droplets.map((droplet) => {
    const { id, name, region, tags, status, created_at, listedAt } = droplet;
    const isAlone = times.get(name) === 1;
    return {
      node: name,
      machine: String(id),
      dropletId: id,
      zone: region.slug,
      // By its name alone one of two cannot be told from the other.
      place: isAlone ? placeOf(droplet, pool, off, now) : 'unsettled',
      state: isAlone ? status : `${status}, ${SHARED_NAME}`,
      protected: tags.includes(PROTECTED_TAG),
      mark: markInTags(tags),
      ageMs: listedAt - Date.parse(created_at),
      untagged: !tags.includes(poolTag(pool)),
    };
  });
}

export const SHARED_NAME = 'another droplet has its name';

function placeOf({ id, status, tags }: ListedDroplet, pool: string, off: OffSince, now: number): Place {
  switch (status) {
    case 'off':
    case 'archive': {
      if (off === undefined) return 'stopped-unknown-since';
      const seen = off.find(({ machine }) => machine === String(id));
      const offForMs = seen === undefined ? 0 : now - Date.parse(seen.since);
      return offForMs >= OFF_FOR_MS ? 'stopped' : 'paused';
    }
    default:
      if (tags.includes(drainingTag(pool))) return 'outside';
      return status === 'active' ? 'in-group' : 'unsettled';
  }
}

/** Since when each that is off has been, as far as runs have seen. */
export function offSince(
  machines: readonly DropletMachine[],
  before: NonNullable<OffSince>,
  now: number,
): { machine: string; since: string }[] {
  return machines
    .filter(({ place }) => place === 'paused' || place === 'stopped' || place === 'stopped-unknown-since')
    .map(({ machine }) => ({
      machine,
      since: before.find((each) => each.machine === machine)?.since ?? new Date(now).toISOString(),
    }));
}
