import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CloudName } from '../../../lab/cloud/names.ts';
import type { Application } from '../../../lab/pulumi/apply.ts';

/** Nothing runs it as a media server: any file will do. */
const MEDIA = fileURLToPath(import.meta.url);
const PROGRAM = fileURLToPath(new URL('../../../stacks/index.ts', import.meta.url));

/** The program of stacks/ itself, with a small pool. `sections`: of the stack file, over what is in every one. */
export function smallPool(
  cloud: CloudName,
  sections: Record<string, unknown>,
  provider: Record<string, string> = {},
): Required<Pick<Application, 'program' | 'config' | 'secrets'>> {
  const sha256 = createHash('sha256').update(readFileSync(MEDIA)).digest('hex');
  const all: Record<string, unknown> = {
    pool: { name: 'media', min: 1, max: 4 },
    scaling: { kind: 'cpu', target: 50, warmUp: '30s' },
    media: { kind: 'livekit', artifact: { file: MEDIA, sha256 } },
    mediaSecrets: { keys: { one: 'k'.repeat(32) } },
    ...sections,
  };
  const texts = Object.entries(all).map(([key, value]) => [`ebbtide:${key}`, JSON.stringify(value)]);
  return {
    program: PROGRAM,
    config: { 'ebbtide:cloud': cloud, ...provider, ...Object.fromEntries(texts) },
    secrets: ['ebbtide:mediaSecrets'],
  };
}
