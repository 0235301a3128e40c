import type { AgentConfig } from '../../fleet/agent-config.ts';
import { createAwsClient } from '../../fleet/aws/client.ts';
import { credentialsFromEnvironment } from '../../fleet/aws/credentials.ts';
import { createS3Store } from '../../fleet/aws/s3-store.ts';
import { STORAGE_AUDIENCE, tokenFromImds } from '../../fleet/azure/access-token.ts';
import { createBlobClient, createBlobStore } from '../../fleet/azure/blob-store.ts';
import { blobEndpoint } from '../../fleet/azure/endpoints.ts';
import { createImds } from '../../fleet/azure/imds.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { createSpacesStore } from '../../fleet/digitalocean/spaces-store.ts';
import { tokenFromMetadata } from '../../fleet/gcp/access-token.ts';
import { createGcpClient } from '../../fleet/gcp/client.ts';
import { createMetadata as createGcpMetadata } from '../../fleet/gcp/metadata.ts';
import { createStorageStore } from '../../fleet/gcp/storage-store.ts';
import type { SendHttp } from '../../fleet/http.ts';
import type { ObjectStore } from '../../fleet/object-store.ts';
import type { Registry } from '../../fleet/registry.ts';
import { signedStore } from '../../fleet/signed-store.ts';
import { createStatusSigner } from '../../fleet/status-signature.ts';
import { createAwsCloud } from './aws/aws-cloud.ts';
import { createMetadata as createAwsMetadata } from './aws/metadata.ts';
import { credentialsFromMetadata } from './aws/metadata-credentials.ts';
import { createAzureCloud } from './azure/azure-cloud.ts';
import type { Cloud } from './cloud.ts';
import { createDigitalOceanCloud } from './digitalocean/digitalocean-cloud.ts';
import { type ReadText, readDroplet } from './digitalocean/droplet.ts';
import { createMetadata as createDropletMetadata } from './digitalocean/metadata.ts';
import { createGcpCloud } from './gcp/gcp-cloud.ts';

type Environment = Readonly<Record<string, string | undefined>>;
/** What stands in for the machine's own network, for the wall's time, and for its small files. */
type Network = { send?: SendHttp; now?: () => number; readText?: ReadText };
type Connected = { cloud: Cloud; registry: Registry };

/** The cloud that a node is in, and its registry. */
export function connect(config: AgentConfig, environment: Environment, network: Network = {}): Connected {
  switch (config.cloud.kind) {
    case 'aws':
      return connectAws(config, config.cloud, environment, network);
    case 'azure':
      return connectAzure(config, config.cloud, environment, network);
    case 'digitalocean':
      return connectDigitalOcean(config, config.cloud, environment, network);
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

function connectAzure(
  config: AgentConfig,
  { runbook, identity }: Extract<AgentConfig['cloud'], { kind: 'azure' }>,
  environment: Environment,
  network: Network,
): Connected {
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
  return { cloud: createAzureCloud({ imds, registry, store, runbook, ...network }), registry };
}

function connectDigitalOcean(
  config: AgentConfig,
  { region, statusBucket, dropletFile }: Extract<AgentConfig['cloud'], { kind: 'digitalocean' }>,
  environment: Environment,
  { readText, ...network }: Network,
): Connected {
  const droplet = readDroplet(dropletFile, readText);
  const metadata = createDropletMetadata({ environment, timeoutMs: config.timeout.metadata, ...network });
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
  return { cloud: createDigitalOceanCloud({ metadata, registry, droplet, pool, ...network }), registry };
}

function registryOn(config: AgentConfig, store: ObjectStore): Registry {
  return createBucketRegistry({ store, statusName: () => config.registry.statusName });
}
