import { DROPLET_FILE, type DropletFile } from '../../fleet/digitalocean/droplet-file.ts';
import { OPEN_IN_USER_DATA, USER_DATA_LIMIT } from '../../fleet/digitalocean/user-data.ts';
import { gzipped } from '../gzipped.ts';
import { assertFits, type NodeSetup, setupFiles } from '../node-setup.ts';
import { renderCloudConfig } from '../user-data.ts';

/** What every droplet of the pool knows, and nobody else is to know. */
export type DropletSecrets = Pick<DropletFile, 'spaces' | 'wake'>;

/**
 * The template of a droplet's user-data: cloud-config as on other clouds, in plain text, each file packed by itself. What
 * is the droplet's own is left open (`fillUserData`). **It is a secret**: a droplet has no identity of its own to ask
 * with, so it is given its keys here. DigitalOcean shows user-data to nobody but the droplet itself, where whatever runs
 * on it can ask the metadata service for it.
 */
export function renderDropletTemplate(setup: NodeSetup, secrets: DropletSecrets): string {
  const own: DropletFile = { ...OPEN_IN_USER_DATA, ...secrets };
  return renderCloudConfig([
    { path: DROPLET_FILE, permissions: '0600', content: `${JSON.stringify(own, undefined, 1)}\n` },
    ...setupFiles(setup).map(({ path, content }) => ({
      path,
      permissions: '0644',
      encoding: 'gz+b64' as const,
      content: gzipped(content).toString('base64'),
    })),
  ]);
}

/** As long as they can be: they are not known before they are made, and too much is to be told at preview. */
const LONGEST: DropletSecrets = {
  spaces: { accessKeyId: 'k'.repeat(64), secretAccessKey: 's'.repeat(128) },
  wake: { url: `https://${'h'.repeat(500)}`, secret: 's'.repeat(128) },
};
/** How much longer names and keys are than what stands for them. */
const FILLED_BYTES = 128;

/** Throws where DigitalOcean would refuse it. */
export function assertDropletUserDataFits(setup: NodeSetup): void {
  const bytes = Buffer.byteLength(renderDropletTemplate(setup, LONGEST)) + FILLED_BYTES;
  assertFits(setup, { what: 'user-data', bytes }, { bytes: USER_DATA_LIMIT, taker: 'DigitalOcean' });
}
