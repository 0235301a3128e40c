import type { AgentConfigFile } from '../../fleet/agent-config.ts';
import type { ObjectStore } from '../../fleet/object-store.ts';
import { deriveStatusKey } from '../../fleet/status-signature.ts';
import { type AzureMachine, startAzureMachine } from './azure-machine.ts';
import { BLOB, createAzuriteToken } from './azurite.ts';
import type { CloudMachine } from './cloud-machine.ts';
import { type DropletMachine, startDropletMachine, WAKE_SECRET } from './digitalocean-machine.ts';
import { type GcpMachine, startGcpMachine } from './gcp-machine.ts';
import { GCS } from './gcs.ts';
import { bucketsOf, SPACES } from './moto.ts';
import type { StoreFront } from './store-front.ts';
import type { StoreKind } from './store-server.ts';

/** A cloud whose nodes are told by a mailbox, as one agent's configuration sees it. */
export interface MailboxCloud<Machine extends CloudMachine = CloudMachine> {
  name: string;
  store: StoreKind;
  node: string;
  machine: string;
  /** What a wake is authorized by: nothing where its URL is a secret. */
  authorization: string | undefined;
  /**
   * By when it has noticed that the machine is reclaimed: where the metadata service is asked each 5 s, or waited for.
   * undefined: the cloud reclaims none.
   */
  noticedWithinMs: number | undefined;
  start(): Promise<Machine>;
  /** How the agent is told of the cloud, and where it finds a bucket behind a line. */
  configure(
    machine: Machine,
    front: StoreFront,
    bucket: string,
  ): { environment: Record<string, string>; cloud: AgentConfigFile['cloud']; bucket: string };
  /** What the stack has put into the bucket. */
  furnish?(machine: Machine, store: ObjectStore): Promise<void>;
}

export const GCP: MailboxCloud<GcpMachine> = {
  name: 'GCP',
  store: GCS,
  node: 'ebbtide-media-x1z2',
  machine: '4711',
  authorization: 'Bearer an-identity-token',
  noticedWithinMs: 1_500,
  start: () => startGcpMachine({ name: GCP.node, id: GCP.machine }),
  configure: (machine, front, bucket) => ({
    environment: { CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: front.url },
    cloud: { kind: 'gcp', pruner: { url: machine.prunerUrl } },
    bucket,
  }),
};

const WAKE_URL_KEY = 'secrets/wake-url';

export const AZURE: MailboxCloud<AzureMachine> = {
  name: 'Azure',
  store: BLOB,
  node: 'ebbtide-media_3',
  machine: '13f56399-bd52-4150-9748-7190aae1ff21',
  authorization: undefined,
  noticedWithinMs: 6_500,
  start: () => startAzureMachine(AZURE.node, createAzuriteToken()),
  configure: (_, front, account) => ({
    environment: { AZURE_STORAGE_BLOB_ENDPOINT: `${front.url}/${account}` },
    cloud: { kind: 'azure', runbook: { wakeUrlKey: WAKE_URL_KEY } },
    bucket: `https://${account}.blob.core.windows.net`,
  }),
  furnish: (machine, store) => store.put(WAKE_URL_KEY, machine.wakeUrl),
};

/** Of which each droplet has its own key. */
export const POOL_SECRET = '0123456789abcdef0123456789abcdef';

export const DIGITALOCEAN: MailboxCloud<DropletMachine> = {
  name: 'DigitalOcean',
  store: SPACES,
  node: 'ebbtide-media-0a1b2c3d',
  machine: '4711',
  authorization: WAKE_SECRET,
  noticedWithinMs: undefined,
  start: () =>
    startDropletMachine({
      name: DIGITALOCEAN.node,
      id: DIGITALOCEAN.machine,
      pool: 'media',
      statusKey: deriveStatusKey(POOL_SECRET, DIGITALOCEAN.node),
    }),
  configure: ({ dropletFile }, front, pool) => ({
    environment: { SPACES_ENDPOINT_URL: front.url },
    cloud: {
      kind: 'digitalocean',
      region: 'fra1',
      madeFor: DIGITALOCEAN.machine,
      statusBucket: bucketsOf(pool).statuses,
      dropletFile,
    },
    bucket: bucketsOf(pool).code,
  }),
};
