import type { PaperCloud } from '../pulumi/paper-cloud.ts';
import { answerCall, type CallWorld } from './data-sources.ts';
import { creatorOf } from './resource-types.ts';

/** Google Cloud as its provider shows it to a program. */
export function createPaperGcp(world: CallWorld, functionUrl: string): PaperCloud {
  const { place } = world;
  return {
    title: 'Google Cloud',
    provider: 'gcp',
    version: '9.37.0',
    checkSettings({ project, region }) {
      if (region !== undefined && region !== place.region) {
        throw new Error(`the twin has one region, ${place.region}; the provider asks for ${region}`);
      }
      if (project !== undefined && project !== place.project) {
        throw new Error(`the twin has one project, ${place.project}; the provider asks for ${project}`);
      }
    },
    creatorOf(type) {
      const creator = creatorOf(type);
      return creator && ((inputs, seed) => creator(inputs, seed, { ...place, functionUrl }));
    },
    call: (token, inputs) => answerCall(token, inputs, world),
  };
}
