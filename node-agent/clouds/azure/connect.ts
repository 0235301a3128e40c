import { STORAGE_AUDIENCE, tokenFromImds } from '../../../fleet/azure/access-token.ts';
import { createBlobClient, createBlobStore } from '../../../fleet/azure/blob-store.ts';
import { blobEndpoint } from '../../../fleet/azure/endpoints.ts';
import { createImds } from '../../../fleet/azure/imds.ts';
import { MAILBOX_NOTICE_MS, type NodeCloud, registryOn, type SettingsOf } from '../node-cloud.ts';
import { createAzureCloud } from './azure-cloud.ts';

export const azureNode: NodeCloud<SettingsOf<'azure'>> = {
  noticeMs: MAILBOX_NOTICE_MS,
  leavesBy: 'status',
  connect(config, { runbook, identity }, environment, network) {
    const imds = createImds({ environment, timeoutMs: config.timeout.metadata, ...network });
    const { now } = network;
    const client = createBlobClient({
      store: blobEndpoint(config.registry.bucket, environment),
      token: tokenFromImds({ imds, audience: STORAGE_AUDIENCE, resourceId: identity, now }),
      timeoutMs: config.timeout.api,
      ...network,
    });
    const store = createBlobStore(client);
    const registry = registryOn(config, store);
    return { cloud: createAzureCloud({ imds, registry, store, runbook, ...network }), registry, store };
  },
};
