import { tokenFromMetadata } from '../../../fleet/gcp/access-token.ts';
import { createGcpClient } from '../../../fleet/gcp/client.ts';
import { createMetadata } from '../../../fleet/gcp/metadata.ts';
import { createStorageStore } from '../../../fleet/gcp/storage-store.ts';
import { MAILBOX_NOTICE_MS, type NodeCloud, registryOn, type SettingsOf } from '../node-cloud.ts';
import { createGcpCloud } from './gcp-cloud.ts';

export const gcpNode: NodeCloud<SettingsOf<'gcp'>> = {
  noticeMs: MAILBOX_NOTICE_MS,
  leavesBy: 'status',
  connect(config, { pruner }, environment, network) {
    const metadata = createMetadata({ environment, timeoutMs: config.timeout.metadata, ...network });
    const client = createGcpClient({
      token: tokenFromMetadata(metadata, network.now),
      environment,
      timeoutMs: config.timeout.api,
      ...network,
    });
    const store = createStorageStore({ client, bucket: config.registry.bucket });
    const registry = registryOn(config, store);
    return { cloud: createGcpCloud({ metadata, registry, pruner, ...network }), registry, store };
  },
};
