import { createAwsClient } from '../../fleet/aws/client.ts';
import { createS3Store } from '../../fleet/aws/s3-store.ts';
import { findProgram } from '../../lab/instance/tools.ts';
import { awsFiles } from '../../node-agent/boot/aws-source.ts';
import { type StoreDialect, type StoreKind, startProgram } from './store-server.ts';

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

/** S3 by moto: `EBBTIDE_MOTO_SERVER`, or `moto_server` in PATH. */
export const S3: StoreKind = {
  name: 'S3',
  replaces: false,
  program: 'moto: EBBTIDE_MOTO_SERVER, or moto_server in PATH',
  find: () => process.env.EBBTIDE_MOTO_SERVER ?? findProgram('moto_server'),
  dialect,
  // S3 settles a race on one object; moto fails it now and then.
  race: /: Http500$/,
  async start(program) {
    // Port 0: the system chooses one, and moto says which.
    const words = ['-H', '127.0.0.1', '-p', '0'];
    const { said: url, stop } = await startProgram(program, words, /Running on (http:\/\/[\d.:]+)\s/);
    const client = (options: { url?: string; timeoutMs?: number } = {}) =>
      createAwsClient({
        region: 'us-east-1',
        credentials: async () => ({ accessKeyId: 'AKIA1', secretAccessKey: 's' }),
        environment: { AWS_ENDPOINT_URL: options.url ?? url },
        timeoutMs: options.timeoutMs ?? 10_000,
      });
    return {
      url,
      stop,
      async createBucket(name) {
        await client().send({ service: 's3', method: 'PUT', url: `${url}/${name}` });
      },
      async remove(bucket, key) {
        const { status } = await fetch(`${url}/${bucket}/${key}`, {
          method: 'DELETE',
          // Who it is does not matter to moto, but somebody must be there.
          headers: { authorization: 'AWS AKIA1:signature' },
        });
        if (status !== 204) throw new Error(`deleting ${key}: HTTP ${status}`);
      },
      store: (bucket, options) => createS3Store({ client: client(options), bucket }),
      files: (bucket) => awsFiles(client(), { kind: 'aws', region: 'us-east-1', bucket, parameters: {} }),
    };
  },
};
