import { createHash } from 'node:crypto';
import { bucketUrl, encodeKey } from '../../fleet/aws/bucket-url.ts';
import { type AwsClient, AwsError } from '../../fleet/aws/client.ts';
import type { Metadata } from '../clouds/aws/metadata.ts';
import { FinalError } from './retry.ts';

/** Reads an object of the pool's bucket, and gives it only if it is the one that the stack pinned. */
export async function fetchVerified(
  client: AwsClient,
  bucket: string,
  { key, sha256 }: { key: string; sha256: string },
): Promise<Buffer> {
  const response = await client.send({
    service: 's3',
    method: 'GET',
    url: `${bucketUrl(client, bucket)}/${encodeKey(key)}`,
  });
  if (response.status !== 200)
    throw new FinalError(`${key} is not in bucket ${bucket}: deploy the stack again`);
  const found = sha256Of(response.bytes);
  if (found !== sha256) {
    throw new FinalError(
      `${key} in bucket ${bucket} is not what was deployed: its sha256 is ${found}, not ${sha256}`,
    );
  }
  return response.bytes;
}

export function sha256Of(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Reads SecureString parameters by their names; all of them or none. */
export async function readParameters(client: AwsClient, names: string[]): Promise<Map<string, string>> {
  const response = await client.send({
    service: 'ssm',
    method: 'POST',
    url: `${client.endpoint('ssm')}/`,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.GetParameters' },
    body: JSON.stringify({ Names: names, WithDecryption: true }),
  });
  const values = parametersIn(response.body);
  const missing = names.filter((name) => !values.has(name));
  if (missing.length > 0)
    throw new AwsError(`no such parameters: ${missing.join(', ')}`, 'ParameterNotFound');
  return values;
}

/** By hand: every byte of this program is user-data. The values are secrets and appear in no error. */
function parametersIn(body: string): Map<string, string> {
  let answer: { Parameters?: { Name?: unknown; Value?: unknown }[] };
  try {
    answer = JSON.parse(body);
  } catch {
    throw new AwsError('GetParameters: the answer is not JSON', 'Malformed');
  }
  const values = new Map<string, string>();
  for (const { Name, Value } of answer.Parameters ?? []) {
    if (typeof Name === 'string' && typeof Value === 'string') values.set(Name, Value);
  }
  return values;
}

/** A fact about this machine. Rejects where the metadata does not tell it (yet). */
export async function readFact(metadata: Metadata, path: string): Promise<string> {
  const reading = await metadata.read(path);
  if (reading.kind === 'found') return reading.text;
  throw new Error(
    `the metadata service: ${reading.kind === 'absent' ? `there is no ${path}` : reading.reason}`,
  );
}
