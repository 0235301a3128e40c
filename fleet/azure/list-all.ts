import * as v from 'valibot';
import { jsonOf } from '../bearer-http.ts';
import { type AzureClient, AzureError } from './client.ts';

/** A list of the resource manager's, to its last page. Rejects where one of them cannot be read. */
export async function listAll<Item>(
  client: AzureClient,
  path: string,
  query: Record<string, string>,
  item: v.GenericSchema<unknown, Item>,
): Promise<Item[]> {
  const page = v.object({ value: v.array(item), nextLink: v.optional(v.nullable(v.string())) });
  const found: Item[] = [];
  let answer = await client.send({ method: 'GET', path, query });
  while (true) {
    const parsed = jsonOf(answer, page);
    if (parsed === undefined)
      throw new AzureError(`GET ${path}: the answer makes no sense`, 'malformed', answer.status);
    found.push(...parsed.value);
    if (!parsed.nextLink) return found;
    answer = await client.send({ method: 'GET', path: parsed.nextLink });
  }
}
