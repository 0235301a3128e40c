import * as v from 'valibot';
import type { AzureModel } from '../model.ts';
import { accountOf, blobEndpoint } from '../place.ts';

const settingsSchema = v.pipe(v.string(), v.parseJson(), v.looseObject({ store: v.string() }));

/**
 * The runbook's parameter, with Azure's addresses led to the twin's: what the cloud does by its names in the DNS, a twin
 * cannot. All else of it stays, and what is no such parameter is handed on as it is.
 */
export function redirect(parameter: string, { accounts, endpoint }: AzureModel): string {
  const parsed = v.safeParse(settingsSchema, Buffer.from(parameter, 'base64').toString('utf8'));
  if (!parsed.success) return parameter;
  const { store } = parsed.output;
  const account = accounts.find(({ name }) => name === accountOf(store));
  const led = {
    ...parsed.output,
    arm: endpoint,
    store: account === undefined ? store : blobEndpoint({ endpoint }, account.name),
  };
  const [quote = ''] = /^["']/.exec(parameter) ?? [];
  return `${quote}${Buffer.from(JSON.stringify(led)).toString('base64')}${quote}`;
}
