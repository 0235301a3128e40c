import { type AwsClient, AwsError, type AwsRequest } from '../../fleet/aws/client.ts';
import {
  type DigitalOceanClient,
  DigitalOceanError,
  type DigitalOceanRequest,
} from '../../fleet/digitalocean/client.ts';
import { namingLacks } from './denied.ts';

/** A client of DigitalOcean's API whose refusals name the scope that is missing. */
export function namingScopes(client: DigitalOceanClient): DigitalOceanClient {
  return namingLacks(client, scopeLack);
}

/** What shows only in an answer: without `tag:read` there are no tags in it. */
export function scopeLack(error: unknown, request?: DigitalOceanRequest): string | undefined {
  if (!(error instanceof DigitalOceanError)) return undefined;
  const [, needed] = /the API token needs ([\w:, ]+)\)/.exec(error.message) ?? [];
  if (error.status !== 403 && needed === undefined) return undefined;
  const [, missing] = /missing the required permission `?(\w+:\w+)/.exec(error.message) ?? [];
  if (missing !== undefined) return `the scope ${missing} of the API token`;
  const scopes = needed ?? request?.scopes.join(', ') ?? '';
  return `${scopes.includes(',') ? 'one of the scopes' : 'the scope'} ${scopes} of the API token`;
}

/** A client of Spaces whose refusals name the grant that is missing. */
export function namingGrants(client: AwsClient): AwsClient {
  return namingLacks(client, grantLack);
}

function grantLack(error: unknown, { method, url }: AwsRequest): string | undefined {
  if (!(error instanceof AwsError) || error.code !== 'AccessDenied') return undefined;
  const [, bucket = ''] = new URL(url).pathname.split('/');
  const permission = method === 'GET' ? 'read' : 'readwrite';
  return `the grant ${permission} on the bucket ${bucket} of the Spaces key`;
}
