import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { STORAGE_AUDIENCE } from '../../fleet/azure/access-token.ts';
import { createBlobClient, createBlobStore } from '../../fleet/azure/blob-store.ts';
import type { AzureClient } from '../../fleet/azure/client.ts';
import { sendHttp } from '../../fleet/http.ts';
import { findProgram } from '../../lab/instance/tools.ts';
import { azureFiles } from '../../node-agent/boot/azure-source.ts';
import { type StoreDialect, type StoreKind, startProgram } from './store-server.ts';

const AZURITE = fileURLToPath(import.meta.resolve('azurite/dist/src/blob/main.js'));
const CONTAINERS = ['statuses', 'decisions', 'memory', 'software', 'secrets', 'many'];
/** A bucket is an account here, and azurite knows all of its accounts when it starts. */
const ACCOUNTS = ['pool', 'nowhere', ...Array.from({ length: 60 }, (_, index) => `pool-${index + 1}`)];

const errorBody = (code: string) =>
  `\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>Please try again.\nRequestId:1</Message></Error>`;

const dialect: StoreDialect = {
  requestOf(method, url) {
    const [, , ...parts] = url.pathname.split('/').map(decodeURIComponent);
    const isList = url.searchParams.get('comp') === 'list';
    const kind = method === 'PUT' ? 'write' : isList ? 'list' : 'read';
    return { kind, key: isList ? '' : parts.join('/'), pageToken: url.searchParams.get('marker') };
  },
  pageSize: 'maxresults',
  slowDown: { status: 503, body: errorBody('ServerBusy') },
  internalError: { status: 500, body: errorBody('InternalError') },
  entryEnd: '</Blob>',
};

/** Blob Storage by azurite, with tokens: it takes those by TLS only, with a certificate that openssl makes for it. */
export const BLOB: StoreKind = {
  name: 'Blob Storage',
  replaces: true,
  keepsMetadata: false,
  program: 'azurite, with openssl in PATH',
  find: () => findProgram('openssl') && AZURITE,
  dialect,
  // An account settles a race on one blob.
  race: /^never$/,
  async start(program) {
    const folder = await mkdtemp(join(tmpdir(), 'ebbtide-azurite-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    makeCertificate(key, cert);
    const certificate = await readFile(cert, 'utf8');
    const words = ['--blobHost', '127.0.0.1', '--blobPort', '0'];
    const ways = ['--oauth', 'basic', '--cert', cert, '--key', key, '--inMemoryPersistence', '--silent'];
    const { said: url, stop } = await startProgram(
      process.execPath,
      [program, ...words, ...ways, '--disableTelemetry'],
      /listens on (https:\/\/[\d.:]+)/,
      { AZURITE_ACCOUNTS: ACCOUNTS.map((name) => `${name}:a2V5`).join(';') },
    );
    const pool = new Agent({ keepAlive: true, ca: certificate });
    const client = (account: string, options: { url?: string; timeoutMs?: number } = {}): AzureClient =>
      createBlobClient({
        store: `${options.url ?? url}/${account}`,
        token: async () => createAzuriteToken(),
        timeoutMs: options.timeoutMs ?? 30_000,
        ...(options.url === undefined && { send: (request) => sendHttp({ ...request, pool }) }),
      });
    return {
      url,
      certificate,
      async stop() {
        await stop();
        pool.destroy();
        await rm(folder, { recursive: true });
      },
      async createBucket(name) {
        for (const container of CONTAINERS)
          await client(name).send({ method: 'PUT', path: `/${container}`, query: { restype: 'container' } });
      },
      async remove(bucket, key) {
        await client(bucket).send({ method: 'DELETE', path: `/${key}` });
      },
      store: (bucket, options) => createBlobStore(client(bucket, options)),
      files: (bucket) => azureFiles(client(bucket), {}),
    };
  },
};

function makeCertificate(key: string, cert: string): void {
  const what = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const how = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...how, ...what, '-keyout', key, '-out', cert], { stdio: 'pipe' });
}

/** As far as azurite looks: for whom it is, from when and for how long; nobody has signed it. */
export function createAzuriteToken(audience = STORAGE_AUDIENCE): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    aud: audience,
    iss: 'https://sts.windows.net/t/',
    iat: now,
    nbf: now - 60,
    exp: now + 3_600,
  };
  return `${part({ typ: 'JWT', alg: 'RS256' })}.${part(claims)}.${part({})}`;
}
