import { createBlobClient } from '../../fleet/azure/blob-store.ts';
import { type AzureClient, createAzureClient } from '../../fleet/azure/client.ts';
import { blobEndpoint, managerEndpoint } from '../../fleet/azure/endpoints.ts';
import { operatorToken } from '../../fleet/azure/operator-token.ts';
import { accountSignature, sendSigned } from '../../fleet/azure/signed-blobs.ts';
import { REQUEST_TIMEOUT_MS } from '../sweep-state.ts';

export interface OperatorPlace {
  subscriptionId: string;
  tenantId?: string | undefined;
  resourceGroup: string;
  storage: string;
  store: string;
}

/** The resource manager, and the pool's blobs, with an operator's own credentials. */
export function operatorClients(
  place: OperatorPlace,
  environment: Readonly<Record<string, string | undefined>>,
): { client: AzureClient; blobs: AzureClient } {
  const client = createAzureClient({
    base: managerEndpoint(environment),
    token: operatorToken(place, environment),
    timeoutMs: REQUEST_TIMEOUT_MS,
  });
  const blobs = createBlobClient({
    store: blobEndpoint(place.store, environment),
    // Who may do everything in the group may read no blob by that: Azure gives out a signature instead.
    token: accountSignature(client, place, Date.now),
    timeoutMs: REQUEST_TIMEOUT_MS,
    send: sendSigned,
  });
  return { client, blobs };
}
