import { createAwsClient } from '../../../fleet/aws/client.ts';
import { credentialsFromEnvironment } from '../../../fleet/aws/credentials.ts';
import { createS3Store } from '../../../fleet/aws/s3-store.ts';
import { METADATA_NOTICE_MS, type NodeCloud, registryOn, type SettingsOf } from '../node-cloud.ts';
import { createAwsCloud } from './aws-cloud.ts';
import { createMetadata } from './metadata.ts';
import { credentialsFromMetadata } from './metadata-credentials.ts';

export const awsNode: NodeCloud<SettingsOf<'aws'>> = {
  noticeMs: METADATA_NOTICE_MS,
  leavesBy: 'call',
  onRebalance: ({ onRebalance }) => onRebalance,
  connect(config, { region, group, launchHook, terminateHook, targetGroups }, environment, network) {
    const metadata = createMetadata({ environment, timeoutMs: config.timeout.metadata, ...network });
    const client = createAwsClient({
      region,
      credentials: credentialsFromEnvironment(environment) ?? credentialsFromMetadata(metadata, network.now),
      environment,
      timeoutMs: config.timeout.api,
      ...network,
    });
    const cloud = createAwsCloud({
      metadata,
      client,
      group,
      launchHook,
      terminateHook,
      targetGroups,
    });
    const store = createS3Store({ client, bucket: config.registry.bucket });
    return { cloud, registry: registryOn(config, store), store };
  },
};
