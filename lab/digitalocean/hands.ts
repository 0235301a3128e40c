import type { TwinCloud } from '../cloud/twin-cloud.ts';
import { type Deployed, parametersOf } from './deployed.ts';
import { type Droplets, wantedOf } from './droplets/droplets.ts';
import type { TagBook } from './droplets/tag-book.ts';
import { type Action, nameOf } from './functions-api/model.ts';
import type { OceanHands } from './ocean-twin.ts';

export interface HandsOptions {
  droplets: Droplets;
  tags: TagBook;
  deployed(): Deployed | undefined;
  /** How many droplets the account may have at first. */
  limit: number;
}

/** What a person, the cloud or chance does to a pool and its droplets. */
export interface Hands {
  does: Omit<OceanHands, 'silenceScheduler'> & Pick<TwinCloud, 'size' | 'setDesiredCapacity' | 'crash'>;
  dropletLimit(): number;
  /** An action's, with what a person has changed of them for a while. */
  parametersOf(action: Action): Record<string, unknown>;
}

export function createHands({ droplets, tags, deployed, limit }: HandsOptions): Hands {
  let dropletLimit = limit;
  /** A person has told the orchestrator for a while that it is to keep so many. */
  let atLeast: number | undefined;

  return {
    dropletLimit: () => dropletLimit,
    parametersOf(action) {
      const own = parametersOf(action);
      const orchestrator = deployed();
      if (atLeast === undefined || orchestrator?.name !== nameOf(action)) return own;
      if (wantedOf(droplets.present()) >= atLeast) {
        atLeast = undefined;
        return own;
      }
      return { ...own, settings: JSON.stringify({ ...orchestrator.settings, min: atLeast }) };
    },
    does: {
      size() {
        const orchestrator = deployed();
        if (orchestrator === undefined) return undefined;
        const { pool, min, max } = orchestrator.settings;
        return { name: `ebbtide-${pool}`, min, max, desired: wantedOf(droplets.present()) };
      },
      setDesiredCapacity(desired) {
        const { min = 0, max = 0 } = deployed()?.settings ?? {};
        if (!Number.isInteger(desired) || desired < min || desired > max)
          throw new Error(`the size must be a whole number from ${min} to ${max}, not ${desired}`);
        atLeast = desired;
      },
      async crash(name) {
        await droplets.powerOff(droplets.named(name), 'crashed');
      },
      deleteDroplet(name) {
        droplets.delete(droplets.named(name), 'deleted by a person');
      },
      tag(name, tag) {
        const droplet = droplets.named(name);
        droplets.setTags(droplet, [...droplet.tags, tags.make(tag)]);
      },
      holdNew: droplets.holdNew,
      setDropletLimit(next) {
        dropletLimit = next;
      },
    },
  };
}
