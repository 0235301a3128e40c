import type { PaperCloud } from '../pulumi/paper-cloud.ts';
import type { Place } from './model.ts';
import { creatorOf } from './resource-types.ts';

/** DigitalOcean as its provider shows it to a program. */
export function createPaperOcean(place: Place): PaperCloud {
  return {
    title: 'DigitalOcean',
    provider: 'digitalocean',
    version: '4.80.1',
    checkSettings: () => undefined,
    creatorOf(type) {
      const creator = creatorOf(type);
      return creator && ((inputs, seed) => creator(inputs, seed, place));
    },
    call(token) {
      throw new Error(`the twin DigitalOcean does not know the call ${token}: it has no data sources`);
    },
  };
}
