import { type AwsClient, AwsError, createAwsClient } from '../../fleet/aws/client.ts';
import type { BootSourceSettings } from '../../fleet/boot-manifest.ts';
import { createMetadata } from '../clouds/aws/metadata.ts';
import { credentialsFromMetadata } from '../clouds/aws/metadata-credentials.ts';
import { type BootSource, type ConnectSource, readFact } from './boot-source.ts';
import { bucketFile } from './bucket-file.ts';
import { FinalError } from './retry.ts';
import { METADATA_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from './timeouts.ts';

const FACTS = {
  nodeIp: 'local-ipv4',
  node: 'instance-id',
  instanceId: 'instance-id',
  zone: 'placement/availability-zone',
};

/** A node on EC2: S3, SSM parameters and instance metadata, by its role. */
export const connectAws: ConnectSource = (settings, environment) => {
  if (settings.kind !== 'aws')
    throw new FinalError(`this program boots nodes on AWS, not on ${settings.kind}`);
  const metadata = createMetadata({ environment, timeoutMs: METADATA_TIMEOUT_MS });
  const client = createAwsClient({
    region: settings.region,
    credentials: credentialsFromMetadata(metadata),
    environment,
    timeoutMs: REQUEST_TIMEOUT_MS,
  });
  const facts = Object.entries(FACTS).map(([name, path]) => [name, () => readFact(metadata, path)] as const);
  return { facts: Object.fromEntries(facts), ...awsFiles(client, settings) };
};

/** The pool's bucket and its secrets. */
export function awsFiles(
  client: AwsClient,
  { bucket, parameters }: Extract<BootSourceSettings, { kind: 'aws' }>,
): Omit<BootSource, 'facts'> {
  return {
    fetch: (key) => bucketFile(client, { bucket }, key),
    secretNames: parameters,
    readSecrets: (names) => readParameters(client, names),
  };
}

/** Reads SecureString parameters by their names; all of them or none. */
async function readParameters(client: AwsClient, names: string[]): Promise<Map<string, string>> {
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
