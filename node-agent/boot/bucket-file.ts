import { bucketUrl, encodeKey } from '../../fleet/aws/bucket-url.ts';
import type { AwsClient } from '../../fleet/aws/client.ts';
import { FinalError } from './retry.ts';

/** One object of a bucket on S3, or on what speaks like it at `endpoint`. */
export async function bucketFile(
  client: AwsClient,
  { bucket, endpoint }: { bucket: string; endpoint?: string },
  key: string,
): Promise<Buffer> {
  const url = `${bucketUrl(client, bucket, endpoint)}/${encodeKey(key)}`;
  const response = await client.send({ service: 's3', method: 'GET', url });
  if (response.status === 200) return response.bytes;
  throw new FinalError(`${key} is not in bucket ${bucket}: deploy the stack again`);
}
