import { createGcpClient } from '../../fleet/gcp/client.ts';
import { createStorageStore } from '../../fleet/gcp/storage-store.ts';
import { Ports } from '../../lab/instance/ports.ts';
import { findProgram } from '../../lab/instance/tools.ts';
import { gcpFiles } from '../../node-agent/boot/gcp-source.ts';
import { type StoreDialect, type StoreKind, startProgram } from './store-server.ts';

const errorBody = (code: number, reason: string) =>
  JSON.stringify({
    error: { code, message: 'Please try again.', errors: [{ domain: 'usageLimits', reason }] },
  });

const dialect: StoreDialect = {
  requestOf(method, url) {
    const { pathname, searchParams } = url;
    const pageToken = searchParams.get('pageToken');
    if (method === 'POST') return { kind: 'write', key: searchParams.get('name') ?? '', pageToken };
    const key = decodeURIComponent(pathname.split('/').slice(6).join('/'));
    return { kind: key === '' ? 'list' : 'read', key, pageToken };
  },
  pageSize: 'maxResults',
  slowDown: { status: 429, body: errorBody(429, 'rateLimitExceeded') },
  internalError: { status: 503, body: errorBody(503, 'backendError') },
  entryEnd: '},',
};

/** Cloud Storage by fake-gcs-server: `EBBTIDE_GCS_SERVER`, or `fake-gcs-server` in PATH. */
export const GCS: StoreKind = {
  name: 'Cloud Storage',
  replaces: true,
  keepsMetadata: false,
  program: 'fake-gcs-server: EBBTIDE_GCS_SERVER, or fake-gcs-server in PATH',
  find: () => process.env.EBBTIDE_GCS_SERVER ?? findProgram('fake-gcs-server'),
  dialect,
  // It does not say what it has not found: an object that is there again a moment later is in doubt.
  race: /HTTP 404: Not Found$/,
  async start(program) {
    // It does not say which port the system chose for it.
    const port = String(await new Ports().take());
    const words = ['-backend', 'memory', '-scheme', 'http', '-host', '127.0.0.1', '-port', port];
    const { said: url, stop } = await startProgram(program, words, /server started at (http:\/\/[\d.:]+)/);
    const client = (options: { url?: string; timeoutMs?: number } = {}) =>
      createGcpClient({
        token: async () => 'token',
        environment: { CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: options.url ?? url },
        timeoutMs: options.timeoutMs ?? 30_000,
      });
    return {
      url,
      stop,
      async createBucket(name) {
        const body = JSON.stringify({ name });
        await client().send({ service: 'storage', method: 'POST', path: '/storage/v1/b', body });
      },
      async remove(bucket, key) {
        const path = `/storage/v1/b/${bucket}/o/${encodeURIComponent(key)}`;
        await client().send({ service: 'storage', method: 'DELETE', path });
      },
      store: (bucket, options) => createStorageStore({ client: client(options), bucket }),
      files: (bucket) => gcpFiles(client(), { kind: 'gcp', project: 'p', bucket, secrets: {} }),
    };
  },
};
