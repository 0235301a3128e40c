import { type AwsClient, createAwsClient } from '../../fleet/aws/client.ts';
import { createS3Store } from '../../fleet/aws/s3-store.ts';
import { createSpacesStore } from '../../fleet/digitalocean/spaces-store.ts';
import { findProgram } from '../../lab/instance/tools.ts';
import { awsFiles } from '../../node-agent/boot/aws-source.ts';
import { digitalOceanFiles } from '../../node-agent/boot/digitalocean-source.ts';
import { type RunningProgram, type StoreDialect, type StoreKind, startProgram } from './store-server.ts';

const errorBody = (code: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>Please try again.</Message></Error>`;

const dialect: StoreDialect = {
  requestOf(method, url) {
    const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
    const kind = method === 'PUT' ? 'write' : key === '' ? 'list' : 'read';
    return { kind, key, pageToken: url.searchParams.get('continuation-token') };
  },
  pageSize: 'max-keys',
  slowDown: { status: 503, body: errorBody('SlowDown') },
  internalError: { status: 500, body: errorBody('InternalError') },
  entryEnd: '</Contents>',
};

/** moto: `EBBTIDE_MOTO_SERVER`, or `moto_server` in PATH. */
const common = {
  replaces: false,
  keepsMetadata: true,
  program: 'moto: EBBTIDE_MOTO_SERVER, or moto_server in PATH',
  find: () => process.env.EBBTIDE_MOTO_SERVER ?? findProgram('moto_server'),
  dialect,
  // S3 settles a race on one object; moto fails it now and then.
  race: /: Http500$/,
};

interface Moto extends RunningProgram {
  url: string;
  createBucket(name: string): Promise<void>;
  remove(bucket: string, key: string): Promise<void>;
}

const KEYS = { accessKeyId: 'AKIA1', secretAccessKey: 's' };
const TIMEOUT_MS = 30_000;

function clientOf(url: string, timeoutMs = TIMEOUT_MS): AwsClient {
  const environment = { AWS_ENDPOINT_URL: url };
  return createAwsClient({ region: 'us-east-1', credentials: async () => KEYS, environment, timeoutMs });
}

async function startMoto(program: string): Promise<Moto> {
  // Port 0: the system chooses one, and moto says which.
  const words = ['-H', '127.0.0.1', '-p', '0'];
  const running = await startProgram(program, words, /Running on (http:\/\/[\d.:]+)\s/);
  const url = running.said;
  return {
    ...running,
    url,
    async createBucket(name) {
      await clientOf(url).send({ service: 's3', method: 'PUT', url: `${url}/${name}` });
    },
    async remove(bucket, key) {
      const { status } = await fetch(`${url}/${bucket}/${key}`, {
        method: 'DELETE',
        // Who it is does not matter to moto, but somebody must be there.
        headers: { authorization: 'AWS AKIA1:signature' },
      });
      if (status !== 204) throw new Error(`deleting ${key}: HTTP ${status}`);
    },
  };
}

/** S3 by moto. */
export const S3: StoreKind = {
  name: 'S3',
  ...common,
  async start(program) {
    const moto = await startMoto(program);
    return {
      ...moto,
      store: (bucket, { url = moto.url, timeoutMs } = {}) =>
        createS3Store({ client: clientOf(url, timeoutMs), bucket }),
      files: (bucket) =>
        awsFiles(clientOf(moto.url), { kind: 'aws', region: 'us-east-1', bucket, parameters: {} }),
    };
  },
};

/** The buckets of a pool on Spaces, where a test asks for one. */
export function bucketsOf(name: string): { code: string; statuses: string; memory: string } {
  return { code: `${name}-code`, statuses: `${name}-statuses`, memory: `${name}-memory` };
}

/** Spaces, which speaks as S3 does, by moto. */
export const SPACES: StoreKind = {
  name: 'Spaces',
  ...common,
  async start(program) {
    const moto = await startMoto(program);
    return {
      ...moto,
      async createBucket(name) {
        for (const bucket of Object.values(bucketsOf(name))) await moto.createBucket(bucket);
      },
      remove: (name, key) => moto.remove(bucketOf(name, key), key),
      store: (name, { url = moto.url, timeoutMs = TIMEOUT_MS } = {}) =>
        createSpacesStore({
          region: 'fra1',
          buckets: bucketsOf(name),
          credentials: async () => KEYS,
          environment: { SPACES_ENDPOINT_URL: url },
          timeoutMs,
        }),
      files: (name) =>
        digitalOceanFiles(clientOf(moto.url), moto.url, { bucket: bucketsOf(name).code, secrets: {} }),
    };
  },
};

function bucketOf(name: string, key: string): string {
  const { code, statuses, memory } = bucketsOf(name);
  return { statuses, memory }[key.split('/')[0] ?? ''] ?? code;
}
