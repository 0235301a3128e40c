import { malformed } from '../../cloud/api-error.ts';

export interface Page<Item> {
  items: Item[];
  nextPageToken?: string;
}

/** One page of a list that is read by position. `maxResults` 0 is the default, as Google says. */
export function pageOf<Item>(
  all: readonly Item[],
  { pageToken, maxResults }: { pageToken?: string | undefined; maxResults?: number | undefined },
  most = 500,
): Page<Item> {
  const begin = pageToken === undefined ? 0 : Number(Buffer.from(pageToken, 'base64').toString());
  if (!Number.isInteger(begin)) throw malformed('invalid', `Invalid value for pageToken: ${pageToken}`);
  const end = begin + Math.min(most, maxResults || most);
  const items = all.slice(begin, end);
  return end < all.length ? { items, nextPageToken: Buffer.from(String(end)).toString('base64') } : { items };
}
