import { join } from 'node:path';
import { type AwsClient, createAwsClient } from '../../fleet/aws/client.ts';
import type { BootSourceSettings } from '../../fleet/boot-manifest.ts';
import { announce } from '../../fleet/digitalocean/announcement.ts';
import { DROPLET_FILE, type DropletFile } from '../../fleet/digitalocean/droplet-file.ts';
import { spacesEndpoint } from '../../fleet/digitalocean/endpoints.ts';
import { sendHttp } from '../../fleet/http.ts';
import { readDroplet } from '../clouds/digitalocean/droplet.ts';
import { createMetadata, FACT_PATHS } from '../clouds/digitalocean/metadata.ts';
import {
  type BootSource,
  type ConnectSource,
  readFact,
  secretsAmongFiles,
  type Welcome,
} from './boot-source.ts';
import { bucketFile } from './bucket-file.ts';
import { FinalError } from './retry.ts';
import { METADATA_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from './timeouts.ts';

/** A droplet: Spaces by the keys that its user-data brought, its name from there too, and the metadata service. */
export const connectDigitalOcean: ConnectSource = (settings, environment, root) => {
  if (settings.kind !== 'digitalocean')
    throw new FinalError(`this program boots nodes on DigitalOcean, not on ${settings.kind}`);
  const droplet = readDroplet(join(root, DROPLET_FILE));
  const metadata = createMetadata({ environment, timeoutMs: METADATA_TIMEOUT_MS });
  const client = createAwsClient({
    region: settings.region,
    credentials: async () => droplet.spaces,
    environment,
    timeoutMs: REQUEST_TIMEOUT_MS,
  });
  return {
    facts: {
      nodeIp: () => readFact(metadata, FACT_PATHS.address),
      node: async () => droplet.node,
      instanceId: () => readFact(metadata, FACT_PATHS.machine),
      zone: () => readFact(metadata, FACT_PATHS.zone),
    },
    ...digitalOceanFiles(client, spacesEndpoint(settings.region, environment), settings),
    announce: () => announceTo(droplet),
  };
};

/** The orchestrator answers once it has written it down: a first call of the function may take its time. */
const ANNOUNCE_TIMEOUT_MS = 30_000;
const IS_TO_LEAVE = 410;

async function announceTo({ node, statusKey, wake }: DropletFile): Promise<Welcome> {
  const { status } = await sendHttp({
    method: 'POST',
    url: wake.url,
    headers: { 'x-require-whisk-auth': wake.secret, 'content-type': 'application/json' },
    body: JSON.stringify(announce(node, statusKey)),
    timeoutMs: ANNOUNCE_TIMEOUT_MS,
  });
  if (status === 200) return 'serves';
  if (status === IS_TO_LEAVE) return 'leaves';
  throw new Error(`the orchestrator has not taken the announcement of ${node}: HTTP ${status}`);
}

/** The pool's bucket of code. Its secrets are objects there, as nobody but nodes and the orchestrator may read it. */
export function digitalOceanFiles(
  client: AwsClient,
  endpoint: string,
  { bucket, secrets }: Pick<Extract<BootSourceSettings, { kind: 'digitalocean' }>, 'bucket' | 'secrets'>,
): Omit<BootSource, 'facts'> {
  const fetch = (key: string) => bucketFile(client, { bucket, endpoint }, key);
  return { fetch, secretNames: secrets, readSecrets: secretsAmongFiles(fetch) };
}
