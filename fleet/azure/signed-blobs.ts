import * as v from 'valibot';
import { jsonOf } from '../bearer-http.ts';
import { type HttpRequest, type HttpResponse, sendHttp } from '../http.ts';
import { keepToken, type TokenProvider } from '../kept-token.ts';
import type { AzureClient } from './client.ts';
import { AzureError } from './client.ts';

const VALID_MS = 60 * 60_000;
const RENEW_BEFORE_MS = 5 * 60_000;
const signatureSchema = v.object({ accountSasToken: v.pipe(v.string(), v.minLength(1)) });

/**
 * A signature by which the pool's blobs are read and written for an hour. Whoever may manage the storage account is given
 * one: an operator has by that no right to its blobs, and Pulumi's own provider puts them by the account's key as well.
 */
export function accountSignature(
  client: AzureClient,
  { subscriptionId, resourceGroup, storage }: Record<'subscriptionId' | 'resourceGroup' | 'storage', string>,
  now: () => number,
): TokenProvider {
  const group = `/subscriptions/${subscriptionId}/resourceGroups/${encodeURIComponent(resourceGroup)}`;
  const path = `${group}/providers/Microsoft.Storage/storageAccounts/${storage}/ListAccountSas`;

  async function ask() {
    const body = {
      signedServices: 'b',
      signedResourceTypes: 'co',
      signedPermission: 'rlwc',
      signedProtocol: 'https',
      signedExpiry: new Date(now() + VALID_MS).toISOString().replace(/\.\d+/, ''),
      keyToSign: 'key1',
    };
    const answer = await client.send({
      method: 'POST',
      path,
      query: { 'api-version': '2023-05-01' },
      body: JSON.stringify(body),
    });
    // What it is instead may hold a signature: it appears in no error.
    const found = jsonOf(answer, signatureSchema);
    if (found === undefined)
      throw new AzureError(`POST ${path}: gave no signature`, 'malformed', answer.status);
    return { text: found.accountSasToken, validMs: VALID_MS };
  }
  return keepToken({ ask, renewBeforeMs: RENEW_BEFORE_MS, now });
}

/** Sends a request with its signature where Azure looks for one: in the address, and not in a header. */
export function sendSigned(request: HttpRequest, send = sendHttp): Promise<HttpResponse> {
  const { authorization = '', ...headers } = request.headers ?? {};
  const url = new URL(request.url);
  for (const [name, value] of new URLSearchParams(authorization.replace(/^Bearer \??/, ''))) {
    url.searchParams.set(name, value);
  }
  return send({ ...request, url, headers });
}
