import { DROPLET_FILE } from '../../fleet/digitalocean/droplet-file.ts';
import type { SoftwareFile } from '../node-file.ts';
import { type NodeSetup, nodeSetup } from '../node-setup.ts';
import type { CommonSettings } from '../settings-schema.ts';

export interface DigitalOceanNodeArgs {
  settings: CommonSettings;
  region: string;
  /** The bucket that nodes read: software, media secrets, decisions. */
  codeBucket: string;
  /** The bucket that they write. */
  statusBucket: string;
  boot: string;
  agent: SoftwareFile;
  media: SoftwareFile | undefined;
  template: string;
}

/** Where the media secrets lie in the bucket of code, by name of the placeholder. */
export const mediaSecretKey = (name: 'keys' | 'redis'): string => `secrets/${name}`;

/** What only a node of DigitalOcean is told, beside what every node is. Pure. */
export function digitalOceanNodeSetup(args: DigitalOceanNodeArgs): NodeSetup {
  const { settings, region, codeBucket, statusBucket, ...shared } = args;
  const { keys, redis } = settings.mediaSecrets;
  return nodeSetup({
    ...shared,
    settings,
    source: {
      kind: 'digitalocean',
      region,
      bucket: codeBucket,
      secrets: {
        ...(keys === undefined ? {} : { keys: mediaSecretKey('keys') }),
        ...(redis === undefined ? {} : { redis: mediaSecretKey('redis') }),
      },
    },
    cloud: {
      kind: 'digitalocean',
      region,
      madeFor: '{{instanceId}}',
      statusBucket,
      dropletFile: `{{root}}${DROPLET_FILE}`,
    },
    registry: { kind: 'bucket', bucket: codeBucket, statusName: '{{node}}' },
  });
}
