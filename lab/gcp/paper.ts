import type { PaperCloud } from '../pulumi/paper-cloud.ts';
import { answerCall, type CallWorld } from './data-sources.ts';
import { creatorOf } from './resource-types.ts';

/** Google Cloud as its provider shows it to a program. */
export function createPaperGcp(world: CallWorld): PaperCloud {
  const { place } = world;
  return {
    title: 'GCP',
    provider: 'gcp',
    version: '9.37.0',
    checkSettings({ project, region }) {
      for (const [what, asked, has] of [
        ['project', project, place.project],
        ['region', region, place.region],
      ]) {
        if (asked === undefined || asked === has) continue;
        throw new Error(`the twin GCP has one ${what}, ${has}; the provider asks for ${asked}`);
      }
    },
    creatorOf(type) {
      const creator = creatorOf(type);
      return creator && ((inputs, seed) => creator(inputs, seed, place));
    },
    call: (token, inputs) => answerCall(token, inputs, world),
  };
}
