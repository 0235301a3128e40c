import type { SoftwareFile } from '../node-file.ts';
import { type NodeSetup, nodeSetup } from '../node-setup.ts';
import type { AzureNames } from './names.ts';
import { SECRETS, WAKE_URL } from './secrets.ts';
import type { AzureSettings } from './settings.ts';

export interface AzureNodeArgs {
  settings: AzureSettings;
  names: AzureNames;
  boot: string;
  agent: SoftwareFile;
  media: SoftwareFile | undefined;
  template: string;
}

/** What only a node of Azure is told, beside what every node is. Pure. */
export function azureNodeSetup(args: AzureNodeArgs): NodeSetup {
  const { settings, names, ...shared } = args;
  const identity = names.nodeIdentity;
  const { keys, redis } = settings.mediaSecrets;
  return nodeSetup({
    ...shared,
    settings,
    source: {
      kind: 'azure',
      store: names.storageUrl,
      identity,
      secrets: {
        ...(keys === undefined ? {} : { keys: `${SECRETS}/keys` }),
        ...(redis === undefined ? {} : { redis: `${SECRETS}/redis` }),
      },
    },
    cloud: { kind: 'azure', identity, runbook: { wakeUrlKey: `${SECRETS}/${WAKE_URL}` } },
    registry: { kind: 'bucket', bucket: names.storageUrl, statusName: '{{node}}' },
  });
}
