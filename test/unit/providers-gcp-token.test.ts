import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { operatorToken } from '../../fleet/gcp/operator-token.ts';

const SOMEBODY = 'deployer@example.iam.gserviceaccount.com';

/** As much of Google as gives tokens: each tells what it was given for. */
function serveTokens(): Promise<Server> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk));
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      const sent = request.headers.authorization?.replace('Bearer ', '');
      const forWhom = /serviceAccounts\/(.+):generateAccessToken/.exec(
        decodeURIComponent(request.url ?? ''),
      )?.[1];
      const expireTime = new Date(Date.now() + 3_600_000).toISOString();
      const answer =
        forWhom === undefined
          ? { access_token: `of ${new URLSearchParams(body).get('subject_token')}`, expires_in: 3600 }
          : { accessToken: `${sent}, for ${forWhom}`, expireTime };
      response.end(JSON.stringify({ token_type: 'Bearer', issued_token_type: 'x', ...answer }));
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

describe("the operator's credentials on GCP", () => {
  let server: Server;
  let folder: string;
  beforeEach(async () => {
    server = await serveTokens();
    folder = mkdtempSync(join(tmpdir(), 'ebbtide-token-'));
  });
  afterEach(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  /** A key of the kind that may name its own place for tokens. */
  function keyOf(who: string): string {
    const file = join(folder, `${who}.subject`);
    writeFileSync(file, who);
    return JSON.stringify({
      type: 'external_account',
      audience: '//iam.googleapis.com/x',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${address()}/token`,
      credential_source: { file },
    });
  }
  function fileOf(who: string): string {
    const path = join(folder, `${who}.json`);
    writeFileSync(path, keyOf(who));
    return path;
  }

  type Given = () => Record<string, string>;
  const rows: [string, Given, string][] = [
    ['a token', () => ({ GOOGLE_OAUTH_ACCESS_TOKEN: 'mine' }), 'mine'],
    ['a key', () => ({ GOOGLE_CREDENTIALS: keyOf('a') }), 'of a'],
    ['the path of a key', () => ({ GOOGLE_CREDENTIALS: fileOf('a') }), 'of a'],
    ['an older name', () => ({ GOOGLE_CLOUD_KEYFILE_JSON: keyOf('b') }), 'of b'],
    ['the oldest name', () => ({ GCLOUD_KEYFILE_JSON: fileOf('c') }), 'of c'],
    ['several names', () => ({ GCLOUD_KEYFILE_JSON: keyOf('c'), GOOGLE_CREDENTIALS: keyOf('a') }), 'of a'],
    ['an empty name', () => ({ GOOGLE_CREDENTIALS: '', GCLOUD_KEYFILE_JSON: keyOf('c') }), 'of c'],
    [
      'a token before a key',
      () => ({ GOOGLE_OAUTH_ACCESS_TOKEN: 'mine', GOOGLE_CREDENTIALS: keyOf('a') }),
      'mine',
    ],
    [
      'a token, to speak for an account',
      () => ({ GOOGLE_OAUTH_ACCESS_TOKEN: 'mine', GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: SOMEBODY }),
      `mine, for ${SOMEBODY}`,
    ],
    [
      'a key, to speak for an account',
      () => ({ GOOGLE_CREDENTIALS: keyOf('a'), GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: SOMEBODY }),
      `of a, for ${SOMEBODY}`,
    ],
  ];
  for (const [given, environment, expected] of rows) {
    it(`${given}: ${expected}`, async () => {
      const token = operatorToken({
        ...environment(),
        CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: `${address()}/`,
      });
      assert.equal(await token(), expected);
      assert.equal(await token(), expected);
    });
  }

  for (const [given, says] of [
    ['{"type": "service_account", "private_key": "hush"', /GOOGLE_CREDENTIALS is no key of Google's/],
    ['{"private_key": "hush"}', /GOOGLE_CREDENTIALS is no key of Google's/],
    ['/nowhere/hush.json', /GOOGLE_CREDENTIALS names a file that cannot be read/],
  ] as const) {
    it(`tells what to do, and nothing of a key, where there is ${given}`, async () => {
      await assert.rejects(operatorToken({ GOOGLE_CREDENTIALS: given })(), (error: Error) => {
        assert.match(error.message, says);
        assert.doesNotMatch(error.message, /hush/);
        return true;
      });
    });
  }
});
