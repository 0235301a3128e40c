import type { AwsClient } from './client.ts';
import { encodeStrictly } from './sign.ts';

/** Where a bucket is. `endpoint`: an S3-compatible store's own address (Spaces: https://REGION.digitaloceanspaces.com). */
export function bucketUrl(client: AwsClient, bucket: string, endpoint?: string): string {
  if (endpoint !== undefined) return `${endpoint.replace(/\/$/, '')}/${bucket}`;
  if (client.customEndpoint('s3')) return `${client.endpoint('s3')}/${bucket}`;
  return `https://${bucket}.s3.${client.region}.amazonaws.com`;
}

/** A key as a path. The colon of `ROLEID:i-1` may stay as it is, but signing wants every key encoded one way. */
export function encodeKey(key: string): string {
  return key.split('/').map(encodeStrictly).join('/');
}
