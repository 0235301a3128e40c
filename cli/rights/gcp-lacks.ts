import { type GcpClient, GcpError, type GcpRequest } from '../../fleet/gcp/client.ts';
import { namingLacks } from './denied.ts';

/** A client of Google Cloud whose refusals name the permission that is missing. */
export function namingGcpLacks(client: GcpClient): GcpClient {
  return namingLacks(client, gcpLack);
}

/** Each service says it in its own way, and Compute Engine says 403 for its limits too: those name no permission. */
const SAID: readonly RegExp[] = [
  /Required '([\w.]+)' permission for '([^']+)'/,
  /does not have ([\w.]+) access to (the Google Cloud Storage \w+)/,
  /does not have ([\w.]+) access to ([^\s,]+)/,
  /Permission '([\w.]+)' denied (?:on|for) (?:resource )?'([^']+)'/,
  /Permission '([\w.]+)' denied/,
];

function gcpLack(error: unknown, { service, method, path, query = {} }: GcpRequest): string | undefined {
  if (!(error instanceof GcpError) || error.status !== 403) return undefined;
  // What is uploaded is named beside the path.
  const what = [decodeURIComponent(path), query.name].filter((part) => part !== undefined).join('/');
  for (const said of SAID) {
    const [, permission, on] = said.exec(error.message) ?? [];
    // "The Google Cloud Storage object" is any: what was asked for says which.
    const named = on === undefined || on.startsWith('the ') ? what : on.replace(/\.$/, '');
    if (permission !== undefined) return `the permission ${permission} on ${named}`;
  }
  if (error.message.includes('insufficient authentication scopes'))
    return 'the OAuth scope https://www.googleapis.com/auth/cloud-platform of its token';
  return UNNAMED.has(error.reason) ? `the permission to ${method} ${what} (${service})` : undefined;
}

const UNNAMED: ReadonlySet<string> = new Set(['forbidden', 'PERMISSION_DENIED']);
