import { STORAGE_AUDIENCE, tokenFromImds } from '../../fleet/azure/access-token.ts';
import { createBlobClient, readBlob } from '../../fleet/azure/blob-store.ts';
import type { AzureClient } from '../../fleet/azure/client.ts';
import { blobEndpoint } from '../../fleet/azure/endpoints.ts';
import { createImds } from '../../fleet/azure/imds.ts';
import type { BootSourceSettings } from '../../fleet/boot-manifest.ts';
import { readInstance } from '../clouds/azure/instance.ts';
import { type BootSource, type ConnectSource, secretsAmongFiles } from './boot-source.ts';
import { FinalError } from './retry.ts';
import { METADATA_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from './timeouts.ts';

/** A node in a scale set: Blob Storage and the metadata service, by its managed identity. */
export const connectAzure: ConnectSource = (settings, environment) => {
  if (settings.kind !== 'azure')
    throw new FinalError(`this program boots nodes on Azure, not on ${settings.kind}`);
  const { secrets, identity } = settings;
  const store = blobEndpoint(settings.store, environment);
  const imds = createImds({ environment, timeoutMs: METADATA_TIMEOUT_MS });
  const token = tokenFromImds({ imds, audience: STORAGE_AUDIENCE, resourceId: identity });

  async function fact(name: 'address' | 'node' | 'machine' | 'zone'): Promise<string> {
    const reading = await readInstance(imds);
    if (reading.kind === 'unknown') throw new Error(`the metadata service: ${reading.reason}`);
    return reading[name];
  }

  return {
    facts: {
      nodeIp: () => fact('address'),
      node: () => fact('node'),
      instanceId: () => fact('machine'),
      zone: () => fact('zone'),
    },
    ...azureFiles(
      createBlobClient({ store: blobEndpoint(store, environment), token, timeoutMs: REQUEST_TIMEOUT_MS }),
      secrets,
    ),
  };
};

/** The pool's storage account. Its secrets are blobs of a container that only nodes read. */
export function azureFiles(
  client: AzureClient,
  secrets: Extract<BootSourceSettings, { kind: 'azure' }>['secrets'],
): Omit<BootSource, 'facts'> {
  async function fetch(key: string): Promise<Buffer> {
    const found = await readBlob(client, key);
    if (found === undefined) throw new FinalError(`${key} is not in ${client.base}: deploy the stack again`);
    return found.bytes;
  }

  return {
    fetch,
    secretNames: secrets,
    readSecrets: secretsAmongFiles(fetch),
  };
}
