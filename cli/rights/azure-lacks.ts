import { type AzureClient, AzureError, type AzureRequest } from '../../fleet/azure/client.ts';
import { namingLacks } from './denied.ts';

/** A client of the resource manager whose refusals name the action that is missing. */
export function namingAzureLacks(client: AzureClient): AzureClient {
  return namingLacks(client, azureLack);
}

function azureLack(error: unknown, { method, path }: AzureRequest): string | undefined {
  if (!(error instanceof AzureError) || !DENIED.has(error.reason)) return undefined;
  const [, action] = /not have \w+ to perform action(?:\(s\))? '([^']+)'/.exec(error.message) ?? [];
  const [, scope = path] = /(?:over scope|linked scope\(s\)) '([^']+)'/.exec(error.message) ?? [];
  return `${action === undefined ? `the right to ${method}` : `the action ${action}`} over ${scope}`;
}

const DENIED: ReadonlySet<string> = new Set(['AuthorizationFailed', 'LinkedAuthorizationFailed']);
