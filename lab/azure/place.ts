import { lastOf } from './ids.ts';

/** Where the twin's one subscription is. */
export interface Place {
  subscription: string;
  tenant: string;
  location: string;
  /** Where every service of the twin answers, since it has no names of its own in the DNS. */
  endpoint: string;
}

export const SUBSCRIPTION = '00000000-1111-4222-8333-444444444444';
export const TENANT = '55555555-6666-4777-8888-999999999999';

/** Where the blob service of a storage account answers; its containers are below. */
export function blobEndpoint({ endpoint }: Pick<Place, 'endpoint'>, account: string): string {
  return `${endpoint}/blob/${account}/`;
}

/** A storage account by its name, by its id, or by the address that Azure gives it. */
export function accountOf(store: string): string {
  return /^https:\/\/([a-z0-9]+)\./.exec(store)?.[1] ?? lastOf(store);
}
