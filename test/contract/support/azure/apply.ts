import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Applied, type AzureApplication, applyProgram } from '../../../../lab/azure/apply.ts';
import { SUBSCRIPTION } from '../../../../lab/azure/place.ts';

const MEDIA = fileURLToPath(import.meta.url);

/** The program of stacks/ itself, with a small pool. Nothing runs its media server: any file will do. */
export function applyPool(
  settings: Record<string, unknown> = {},
  there: Pick<AzureApplication, 'resourceGroups' | 'scaleSets'> = {},
): Promise<Applied> {
  const sha256 = createHash('sha256').update(readFileSync(MEDIA)).digest('hex');
  const all: Record<string, unknown> = {
    pool: { name: 'media', min: 1, max: 4 },
    scaling: { kind: 'cpu', target: 50, warmUp: '30s' },
    media: { kind: 'livekit', artifact: { file: MEDIA, sha256 } },
    mediaSecrets: { keys: { one: 'k'.repeat(32) } },
    ...settings,
  };
  const texts = Object.entries(all).map(([key, value]) => [`ebbtide:${key}`, JSON.stringify(value)]);
  return applyProgram({
    program: fileURLToPath(new URL('../../../../stacks/index.ts', import.meta.url)),
    config: {
      'azure-native:subscriptionId': SUBSCRIPTION,
      'azure-native:location': 'westeurope',
      'ebbtide:cloud': 'azure',
      ...Object.fromEntries(texts),
    },
    secrets: ['ebbtide:mediaSecrets'],
    ...there,
  });
}
