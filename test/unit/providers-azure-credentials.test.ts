import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { createAzureClient } from '../../fleet/azure/client.ts';
import { operatorToken, type TokenTools } from '../../fleet/azure/operator-token.ts';
import { accountSignature, sendSigned } from '../../fleet/azure/signed-blobs.ts';
import type { HttpRequest, HttpResponse } from '../../fleet/http.ts';

const WHOSE = { subscriptionId: 's-1' };

function answer(status: number, body: unknown): HttpResponse {
  return { status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
}

function toolsOf(changed: Partial<TokenTools> = {}) {
  const asked: HttpRequest[] = [];
  const tools: TokenTools = {
    send: async (request) => {
      asked.push(request);
      return answer(200, { access_token: 'of a principal', expires_in: 3600 });
    },
    az: async (args) => JSON.stringify({ accessToken: `of az ${args.join(' ')}`, expires_on: 4e9 }),
    ...changed,
  };
  return { tools, asked };
}

describe("an operator's credentials for Azure", () => {
  it('are a service principal of the environment, with a secret', async () => {
    const { tools, asked } = toolsOf();
    const environment = { ARM_CLIENT_ID: 'c', ARM_TENANT_ID: 't', ARM_CLIENT_SECRET: 'x' };
    const token = operatorToken(WHOSE, environment, tools);
    assert.equal(await token(), 'of a principal');
    assert.equal(await token(), 'of a principal');
    assert.equal(asked.length, 1);
    assert.equal(asked[0]?.url, 'https://login.microsoftonline.com/t/oauth2/v2.0/token');
    assert.deepEqual(Object.fromEntries(new URLSearchParams(asked[0]?.body)), {
      grant_type: 'client_credentials',
      client_id: 'c',
      scope: 'https://management.azure.com/.default',
      client_secret: 'x',
    });
  });

  it('or one with a token of its build system, told or in a file; the directory may be that of the stack', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ebbtide-azure-'));
    try {
      const file = join(folder, 'token');
      writeFileSync(file, 'jwt\n');
      for (const proof of [{ ARM_OIDC_TOKEN: 'jwt' }, { ARM_OIDC_TOKEN_FILE_PATH: file }]) {
        const { tools, asked } = toolsOf();
        await operatorToken({ ...WHOSE, tenantId: 't' }, { ARM_CLIENT_ID: 'c', ...proof }, tools)();
        const sent = new URLSearchParams(asked[0]?.body);
        assert.equal(sent.get('client_assertion'), 'jwt');
        assert.match(sent.get('client_assertion_type') ?? '', /jwt-bearer$/);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("or whom Azure's command line is logged in as, for the stack's subscription", async () => {
    const { tools, asked } = toolsOf();
    assert.equal(
      await operatorToken(WHOSE, {}, tools)(),
      'of az account get-access-token --resource https://management.azure.com/ --subscription s-1 --output json',
    );
    assert.deepEqual(asked, []);
  });

  it('are told to be missing with all that would do', async () => {
    const az = async () => Promise.reject(new Error('spawn az ENOENT'));
    await assert.rejects(
      operatorToken(WHOSE, { ARM_CLIENT_ID: 'c' }, toolsOf({ az }).tools)(),
      /no credentials of Azure: neither ARM_CLIENT_ID .* nor ARM_USE_MSI, .*az login.*spawn az ENOENT/,
    );
  });

  it('are told to be refused in the words of Azure, and without the secret', async () => {
    const send = async () =>
      answer(401, { error: 'invalid_client', error_description: 'AADSTS7000215: wrong secret\nTrace' });
    const environment = { ARM_CLIENT_ID: 'c', ARM_TENANT_ID: 't', ARM_CLIENT_SECRET: 'hunter2' };
    await assert.rejects(operatorToken(WHOSE, environment, toolsOf({ send }).tools)(), (error: Error) => {
      assert.match(error.message, /principal ARM_CLIENT_ID, c: invalid_client AADSTS7000215: wrong secret$/);
      return !error.message.includes('hunter2');
    });
  });
});

describe("blobs with an account's signature", () => {
  const place = { subscriptionId: 's-1', resourceGroup: 'rg', storage: 'ebbtide1' };
  const client = (send: (request: HttpRequest) => Promise<HttpResponse>) =>
    createAzureClient({ base: 'https://arm', token: async () => 't', timeoutMs: 1_000, send });

  it('are asked for with one that lasts for an hour, and may do no more than a sweep does', async () => {
    const asked: HttpRequest[] = [];
    const signature = accountSignature(
      client(async (request) => {
        asked.push(request);
        return answer(200, { accountSasToken: 'sv=1&sig=a%2Fb%3D' });
      }),
      place,
      () => Date.parse('2026-03-01T12:00:00.000Z'),
    );
    assert.equal(await signature(), 'sv=1&sig=a%2Fb%3D');
    assert.match(String(asked[0]?.url), /storageAccounts\/ebbtide1\/ListAccountSas\?api-version=/);
    assert.deepEqual(JSON.parse(asked[0]?.body ?? ''), {
      signedServices: 'b',
      signedResourceTypes: 'co',
      signedPermission: 'rlwc',
      signedProtocol: 'https',
      signedExpiry: '2026-03-01T13:00:00Z',
      keyToSign: 'key1',
    });
  });

  it('carry it in their address, and no token of anything', async () => {
    const sent: HttpRequest[] = [];
    await sendSigned(
      {
        method: 'GET',
        url: 'https://store/statuses?comp=list',
        headers: { authorization: 'Bearer sv=1&sig=a%2Fb%3D', 'x-ms-version': '1' },
        timeoutMs: 1,
      },
      async (request) => {
        sent.push(request);
        return answer(200, {});
      },
    );
    assert.equal(String(sent[0]?.url), 'https://store/statuses?comp=list&sv=1&sig=a%2Fb%3D');
    assert.deepEqual(sent[0]?.headers, { 'x-ms-version': '1' });
  });

  it('appear in no error', async () => {
    const odd = accountSignature(
      client(async () => answer(200, { token: 'sig=secret' })),
      place,
      Date.now,
    );
    await assert.rejects(odd(), (error: Error) => {
      assert.match(error.message, /gave no signature/);
      return !error.message.includes('secret');
    });
  });
});
