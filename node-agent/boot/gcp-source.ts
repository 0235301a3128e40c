import * as v from 'valibot';
import type { BootSourceSettings } from '../../fleet/boot-manifest.ts';
import { tokenFromMetadata } from '../../fleet/gcp/access-token.ts';
import { createGcpClient, type GcpClient, GcpError } from '../../fleet/gcp/client.ts';
import { createMetadata } from '../../fleet/gcp/metadata.ts';
import { objectPath } from '../../fleet/gcp/object-path.ts';
import { zoneOf } from '../clouds/gcp/zone.ts';
import { type BootSource, type ConnectSource, readFact } from './boot-source.ts';
import { FinalError } from './retry.ts';
import { METADATA_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from './timeouts.ts';

/** A node on Compute Engine: Cloud Storage, Secret Manager and the metadata server, by its service account. */
export const connectGcp: ConnectSource = (settings, environment) => {
  if (settings.kind !== 'gcp')
    throw new FinalError(`this program boots nodes on GCP, not on ${settings.kind}`);
  const metadata = createMetadata({ environment, timeoutMs: METADATA_TIMEOUT_MS });
  const token = tokenFromMetadata(metadata);
  const client = createGcpClient({ token, environment, timeoutMs: REQUEST_TIMEOUT_MS });
  return {
    facts: {
      nodeIp: () => readFact(metadata, 'instance/network-interfaces/0/ip'),
      node: () => readFact(metadata, 'instance/name'),
      instanceId: () => readFact(metadata, 'instance/id'),
      zone: async () => zoneOf(await readFact(metadata, 'instance/zone')),
    },
    ...gcpFiles(client, settings),
  };
};

/** The pool's bucket and its secrets. */
export function gcpFiles(
  client: GcpClient,
  { project, bucket, secrets }: Extract<BootSourceSettings, { kind: 'gcp' }>,
): Omit<BootSource, 'facts'> {
  async function fetch(key: string): Promise<Buffer> {
    const path = objectPath(bucket, key);
    try {
      return (await client.send({ service: 'storage', method: 'GET', path, query: { alt: 'media' } })).bytes;
    } catch (cause) {
      if (!(cause instanceof GcpError) || cause.status !== 404) throw cause;
      throw new FinalError(`${key} is not in bucket ${bucket}: deploy the stack again`, { cause });
    }
  }

  async function readSecret(name: string): Promise<[string, string]> {
    const path = `/v1/projects/${project}/secrets/${encodeURIComponent(name)}/versions/latest:access`;
    const { bytes } = await client.send({ service: 'secretmanager', method: 'GET', path });
    const parsed = v.safeParse(secretSchema, bytes.toString());
    // What it is instead may be the secret: it appears in no error.
    if (!parsed.success) throw new GcpError(`secret ${name}: the answer is none`, 'malformed');
    return [name, Buffer.from(parsed.output.payload.data, 'base64').toString()];
  }

  return {
    fetch,
    secretNames: secrets,
    readSecrets: async (names) => new Map(await Promise.all(names.map(readSecret))),
  };
}

const secretSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ payload: v.object({ data: v.pipe(v.string(), v.base64()) }) }),
);
