import type { PaperCloud } from '../pulumi/paper-cloud.ts';
import { answerCall, type CallWorld } from './data-sources.ts';
import { creatorOf } from './resource-types.ts';

/** Azure as its provider shows it to a program. */
export function createPaperAzure(world: CallWorld): PaperCloud {
  const { place } = world;
  return {
    title: 'Azure',
    provider: 'azure-native',
    version: '3.28.0',
    checkSettings({ subscriptionId, location }) {
      if (location !== undefined && location !== place.location) {
        throw new Error(`the twin has one region, ${place.location}; the provider asks for ${location}`);
      }
      if (subscriptionId !== undefined && subscriptionId !== place.subscription) {
        throw new Error(
          `the twin has one subscription, ${place.subscription}; the provider asks for ${subscriptionId}`,
        );
      }
    },
    creatorOf(type) {
      const creator = creatorOf(type);
      return creator && ((inputs, seed) => creator(inputs, seed, place));
    },
    call: (token, inputs) => answerCall(token, inputs, world),
  };
}
