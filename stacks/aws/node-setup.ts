import type { SoftwareFile } from '../node-file.ts';
import { type NodeSetup, nodeSetup } from '../node-setup.ts';
import type { AwsNames } from './names.ts';
import type { AwsSettings } from './settings.ts';

export interface AwsNodeArgs {
  settings: AwsSettings;
  names: AwsNames;
  bucket: string;
  /** The unique id of the nodes' role, by which S3 knows a node: `ROLE_ID:i-…`. */
  nodeRoleId: string;
  boot: string;
  agent: SoftwareFile;
  media: SoftwareFile | undefined;
  template: string;
}

/** What only a node of AWS is told, beside what every node is. Pure. */
export function awsNodeSetup(args: AwsNodeArgs): NodeSetup {
  const { settings, names, bucket, nodeRoleId, ...shared } = args;
  const { region } = settings.awsProvider;
  const { keys, redis } = settings.mediaSecrets;
  return nodeSetup({
    ...shared,
    settings,
    source: {
      kind: 'aws',
      region,
      bucket,
      parameters: {
        ...(keys === undefined ? {} : { keys: names.keysParameter }),
        ...(redis === undefined ? {} : { redis: names.redisParameter }),
      },
    },
    cloud: {
      kind: 'aws',
      region,
      group: names.group,
      // A group of the operator's own has none of ours: it also launches machines that know nothing of it.
      ...(settings.pool.existingGroup === undefined ? { launchHook: names.launchHook } : {}),
      terminateHook: names.terminateHook,
      ...(settings.network.balancers.length === 0 ? {} : { targetGroups: settings.network.balancers }),
      ...(settings.agent.onRebalance === undefined ? {} : { onRebalance: settings.agent.onRebalance }),
    },
    registry: { kind: 'bucket', bucket, statusName: `${nodeRoleId}:{{instanceId}}` },
  });
}
