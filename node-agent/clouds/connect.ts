import type { AgentConfig } from '../../fleet/agent-config.ts';
import { createAwsClient } from '../../fleet/aws/client.ts';
import { credentialsFromEnvironment } from '../../fleet/aws/credentials.ts';
import { createS3Store } from '../../fleet/aws/s3-store.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { tokenFromMetadata } from '../../fleet/gcp/access-token.ts';
import { createGcpClient } from '../../fleet/gcp/client.ts';
import { createMetadata as createGcpMetadata } from '../../fleet/gcp/metadata.ts';
import { createStorageStore } from '../../fleet/gcp/storage-store.ts';
import type { SendHttp } from '../../fleet/http.ts';
import type { ObjectStore } from '../../fleet/object-store.ts';
import type { Registry } from '../../fleet/registry.ts';
import { createAwsCloud } from './aws/aws-cloud.ts';
import { createMetadata as createAwsMetadata } from './aws/metadata.ts';
import { credentialsFromMetadata } from './aws/metadata-credentials.ts';
import type { Cloud } from './cloud.ts';
import { createGcpCloud } from './gcp/gcp-cloud.ts';

type Environment = Readonly<Record<string, string | undefined>>;
/** What stands in for the machine's own network, and for the wall's time. */
type Network = { send?: SendHttp; now?: () => number };
type Connected = { cloud: Cloud; registry: Registry };

/** The cloud that a node is in, and its registry. */
export function connect(config: AgentConfig, environment: Environment, network: Network = {}): Connected {
  switch (config.cloud.kind) {
    case 'aws':
      return connectAws(config, config.cloud, environment, network);
    case 'azure':
      throw new Error('the agent does not know Azure yet');
    case 'gcp':
      return connectGcp(config, config.cloud, environment, network);
  }
}

function connectAws(
  config: AgentConfig,
  settings: Extract<AgentConfig['cloud'], { kind: 'aws' }>,
  environment: Environment,
  network: Network,
): Connected {
  const metadata = createAwsMetadata({ environment, timeoutMs: config.timeout.metadata, ...network });
  const client = createAwsClient({
    region: settings.region,
    credentials: credentialsFromEnvironment(environment) ?? credentialsFromMetadata(metadata, network.now),
    environment,
    timeoutMs: config.timeout.api,
    ...network,
  });
  const { group, launchHook, terminateHook } = settings;
  const cloud = createAwsCloud({ metadata, client, group, launchHook, terminateHook });
  return { cloud, registry: registryOn(config, createS3Store({ client, bucket: config.registry.bucket })) };
}

function connectGcp(
  config: AgentConfig,
  { pruner }: Extract<AgentConfig['cloud'], { kind: 'gcp' }>,
  environment: Environment,
  network: Network,
): Connected {
  const metadata = createGcpMetadata({ environment, timeoutMs: config.timeout.metadata, ...network });
  const client = createGcpClient({
    token: tokenFromMetadata(metadata, network.now),
    environment,
    timeoutMs: config.timeout.api,
    ...network,
  });
  const registry = registryOn(config, createStorageStore({ client, bucket: config.registry.bucket }));
  return { cloud: createGcpCloud({ metadata, registry, pruner, ...network }), registry };
}

function registryOn(config: AgentConfig, store: ObjectStore): Registry {
  return createBucketRegistry({ store, statusName: () => config.registry.statusName });
}
