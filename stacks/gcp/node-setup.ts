import type { SoftwareFile } from '../node-file.ts';
import { type NodeSetup, nodeSetup } from '../node-setup.ts';
import type { GcpNames } from './names.ts';
import type { GcpSettings } from './settings.ts';

export interface GcpNodeArgs {
  settings: GcpSettings;
  names: GcpNames;
  bucket: string;
  /** Where a node wakes the pruner. */
  prunerUrl: string;
  boot: string;
  agent: SoftwareFile;
  media: SoftwareFile | undefined;
  template: string;
}

/** What only a node of GCP is told, beside what every node is. Pure. */
export function gcpNodeSetup(args: GcpNodeArgs): NodeSetup {
  const { settings, names, bucket, prunerUrl, ...shared } = args;
  const { keys, redis } = settings.mediaSecrets;
  return nodeSetup({
    ...shared,
    settings,
    source: {
      kind: 'gcp',
      project: settings.gcpProvider.project,
      bucket,
      secrets: {
        ...(keys === undefined ? {} : { keys: names.secret('keys') }),
        ...(redis === undefined ? {} : { redis: names.secret('redis') }),
      },
    },
    cloud: { kind: 'gcp', pruner: { url: prunerUrl } },
    registry: { kind: 'bucket', bucket, statusName: '{{node}}' },
  });
}
