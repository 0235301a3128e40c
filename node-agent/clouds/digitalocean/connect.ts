import { createSpacesStore } from '../../../fleet/digitalocean/spaces-store.ts';
import { signedStore } from '../../../fleet/signed-store.ts';
import { createStatusSigner } from '../../../fleet/status-signature.ts';
import { MAILBOX_NOTICE_MS, type NodeCloud, registryOn, type SettingsOf } from '../node-cloud.ts';
import { createDigitalOceanCloud } from './digitalocean-cloud.ts';
import { readDroplet } from './droplet.ts';
import { createMetadata } from './metadata.ts';

export const digitalOceanNode: NodeCloud<SettingsOf<'digitalocean'>> = {
  noticeMs: MAILBOX_NOTICE_MS,
  leavesBy: 'status',
  madeFor: ({ madeFor }) => madeFor,
  connect(config, { region, statusBucket, dropletFile }, environment, { readText, ...network }) {
    const droplet = readDroplet(dropletFile, readText);
    const metadata = createMetadata({ environment, timeoutMs: config.timeout.metadata, ...network });
    const store = createSpacesStore({
      region,
      buckets: { code: config.registry.bucket, statuses: statusBucket },
      credentials: async () => droplet.spaces,
      environment,
      timeoutMs: config.timeout.api,
      ...network,
    });
    const registry = registryOn(config, signedStore(store, createStatusSigner(droplet.statusKey)));
    const { pool } = config;
    return {
      cloud: createDigitalOceanCloud({ metadata, registry, droplet, pool, ...network }),
      registry,
      store,
    };
  },
};
