import type { CloudClock } from '../../cloud/clock.ts';
import type { Happening as TwinHappening } from '../../cloud/events.ts';
import type { Droplet } from '../../digitalocean/droplets/droplet.ts';
import { createDroplets, type Droplets } from '../../digitalocean/droplets/droplets.ts';
import type { WorldKit } from '../cloud.ts';
import type { Members } from './machines.ts';
import { DRAINING_TAG } from './model.ts';

/** The droplets of this world. */
export interface Pool extends Droplets {
  /** Until then, ms since the epoch, what is made has no tags. */
  untaggedUntil: number;
  /** What happens now is done by a person. */
  byHand(act: () => void): void;
  /** When a droplet was last lost to the pool by something else than a decision. */
  lastLossAt(): number;
}

export interface PoolOptions {
  kit: Pick<WorldKit, 'clock' | 'tell'>;
  cloudClock: CloudClock;
  /** Real time, as the API has it. */
  wallClock: () => number;
  members: Members;
  isDecided(droplet: Droplet): boolean;
  /** What is wrong with making one more now; mostly nothing. */
  wrongWithBirth(name: string): string | undefined;
  /** And with the end of this one. */
  wrongWithEnd(droplet: Droplet): string | undefined;
}

export function createPool(options: PoolOptions): Pool {
  const { kit, cloudClock, wallClock, members } = options;
  const { clock, tell } = kit;
  let isByHand = false;
  let lastLossAt = Number.NEGATIVE_INFINITY;

  const book = createDroplets({ clock: cloudClock, wallClock, emit, start: members.start });

  function emit(happening: TwinHappening): void {
    if (happening.kind === 'trouble') tell({ kind: 'refused', what: happening.problem });
    if (happening.kind !== 'instance') return;
    const { instance, standing, why } = happening;
    if (standing === 'leaving' || standing === 'gone') lastLossAt = clock.now();
    const member = members.named(instance);
    if (member !== undefined) tell({ kind: 'cloud', node: member.node.id, state: `${standing}: ${why}` });
  }

  const isWrong = (what: string | undefined) => {
    if (what !== undefined && !isByHand) tell({ kind: 'wrong', what });
  };

  const pool: Pool = {
    ...book,
    untaggedUntil: 0,
    create(spec, by) {
      isWrong(options.wrongWithBirth(spec.name));
      const tags = clock.now() < pool.untaggedUntil ? [] : spec.tags;
      const droplet = book.create({ ...spec, tags }, by);
      members.add(droplet);
      return droplet;
    },
    delete(droplet, why) {
      isWrong(options.wrongWithEnd(droplet));
      if (isByHand) tell({ kind: 'hold-lost', node: droplet.name, disturbed: true });
      else members.giveUp(droplet);
      book.delete(droplet, why);
    },
    setTags(droplet, tags) {
      const isNew = tags.includes(DRAINING_TAG) && !droplet.tags.includes(DRAINING_TAG);
      book.setTags(droplet, tags);
      if (isNew && !isByHand)
        tell({ kind: 'taken-out', node: droplet.name, decided: options.isDecided(droplet) });
    },
    byHand(act) {
      isByHand = true;
      act();
      isByHand = false;
    },
    lastLossAt: () => lastLossAt,
  };
  return pool;
}
