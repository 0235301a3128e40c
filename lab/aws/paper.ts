import type { PaperCloud } from '../pulumi/paper-cloud.ts';
import { answerCall, type CallWorld } from './data-sources.ts';
import { creatorOf } from './resource-types.ts';

/** AWS as its provider shows it to a program. */
export function createPaperAws(world: CallWorld): PaperCloud {
  const { place } = world;
  return {
    title: 'AWS',
    provider: 'aws',
    version: '7.48.0',
    checkSettings({ region }) {
      if (region === undefined || region === place.region) return;
      throw new Error(`the twin AWS has one region, ${place.region}; the provider asks for ${region}`);
    },
    creatorOf(type) {
      const creator = creatorOf(type);
      return creator && ((inputs, seed) => creator(inputs, seed, place));
    },
    call: (token, inputs) => answerCall(token, inputs, world),
  };
}
