import type { Clock } from '../../../fleet/clock.ts';
import type { Objects } from '../../aws/objects.ts';
import type { Droplet } from '../../digitalocean/droplets/droplet.ts';
import type { Hearsay } from '../hearsay.ts';
import type { Load } from '../load.ts';
import type { Member, Members } from './machines.ts';
import { BUCKETS, MEMORY_KEYS, POOL_TAG, TARGET_CPU } from './model.ts';
import type { DigitalOceanPlan } from './plan.ts';

/** What an orchestrator that never errs would know: by it, what the real one does is judged. */
export interface Truth {
  wrongWithBirth(name: string): string | undefined;
  wrongWithEnd(droplet: Droplet): string | undefined;
  /** What of the pool as a whole is not as it is to be in the end. */
  unsettled(): string | undefined;
}

export interface TruthOptions {
  plan: DigitalOceanPlan;
  clock: Clock;
  members: Members;
  present(): readonly Droplet[];
  hearsay: Hearsay<Droplet>;
  objects: Objects;
  load: Load;
  isDecided(droplet: Droplet): boolean;
  /** When the first of those that act now began to read. */
  readSince(): number;
  /** When one of them last could not read what a node said. */
  blindAt(): number;
  /** When somebody last took away what runs had remembered, or wrote what a node had not said. */
  tamperedAt(): number;
  /** How many droplets the account may have. */
  accountLimit(): number;
}

/** A node writes its own word again by then. */
const RIGHTED_MS = 30_000;

export function createTruth(options: TruthOptions): Truth {
  const { plan, members, present, hearsay, objects, load, isDecided, readSince } = options;
  const { min, max, size } = plan;
  const isOn = ({ stoppedAt, status }: Droplet) => stoppedAt === undefined && status !== 'off';
  const isThere = (droplet: Droplet) => isOn(droplet) && !isDecided(droplet) && !hearsay.saysAway(droplet);
  const isServing = ({ droplet, node }: Member) =>
    isThere(droplet) && !droplet.isGone && node.agent()?.durable().phase === 'serving';

  /** Those that whoever acts now must know to help, or to be about to. */
  function helping(droplets: readonly Droplet[]): Droplet[] {
    const since = readSince();
    return droplets.filter((droplet) =>
      hearsay.hasSpoken(droplet)
        ? hearsay.servesFor(droplet, since)
        : droplet.tags.includes(POOL_TAG) && ageOf(droplet) < plan.bootTimeoutMs,
    );
  }

  const begunAt = options.clock.now();
  const ageOf = ({ launchedAt }: Droplet) => options.clock.now() - begunAt - launchedAt;

  return {
    wrongWithBirth(name) {
      const droplets = present().filter(isThere);
      if (droplets.length >= max)
        return `${name} is made where ${droplets.length} are that nobody decided, and ${max} are allowed`;
      const { length: paidFor } = present();
      if (paidFor >= max + plan.maxDrains)
        return `${name} is made where ${paidFor} are paid for, and ${max} with ${plan.maxDrains} drains are allowed`;
      if (options.tamperedAt() >= readSince() - RIGHTED_MS) return undefined;
      const memory = objects.get(BUCKETS.memory, MEMORY_KEYS.births)?.body.toString() ?? '';
      if (!memory.includes(name)) return `${name} is made, and nobody had remembered that`;
      if (options.blindAt() >= readSince()) return undefined;
      const needed = hearsay.mostNeeded(droplets, readSince(), TARGET_CPU);
      const wanted = Math.min(max, Math.max(needed, size));
      const { length } = helping(droplets);
      return length >= wanted ? `${name} is made where ${length} are and ${wanted} are enough` : undefined;
    },
    wrongWithEnd(droplet) {
      const { name, stoppedAt } = droplet;
      if (!isDecided(droplet)) return `${name} was deleted, and nobody had decided that`;
      // What never ran there cannot be lost by its end.
      if (stoppedAt !== undefined || !members.hasServed(droplet)) return undefined;
      return hearsay.saysEmpty(droplet)
        ? undefined
        : `${name} was deleted, and it had not said that it is empty`;
    },
    unsettled() {
      const ending = members.all().find(({ droplet, node }) => droplet.isGone && node.isOn());
      if (ending !== undefined) return `${ending.node.id} was deleted, and runs on`;
      const serving = members.all().filter(isServing);
      const needed = Math.min(max, Math.max(min, load.needed()), options.accountLimit());
      if (serving.length < needed) return `${serving.length} serve where ${needed} are needed`;
      const bare = present().find(({ tags }) => !tags.includes(POOL_TAG));
      return bare && `${bare.name} does not have the tag of its pool`;
    },
  };
}
