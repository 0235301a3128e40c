import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { STORAGE_AUDIENCE, tokenFromImds } from '../../fleet/azure/access-token.ts';
import { createBlobClient, createBlobStore } from '../../fleet/azure/blob-store.ts';
import { AzureError, createAzureClient } from '../../fleet/azure/client.ts';
import { createImds, type ImdsReading } from '../../fleet/azure/imds.ts';
import type { StoredObject, VersionedStore } from '../../fleet/object-store.ts';
import { tokenDocument } from './support/azure-imds.ts';
import { errorOf } from './support/error-of.ts';
import { type Answer, type ReceivedRequest, useLocalServer } from './support/local-server.ts';

const DATE = 'Sun, 01 Mar 2026 12:00:00 GMT';

const local = useLocalServer();
const { start } = local;

const imdsAt = (url: string) =>
  createImds({ environment: { AZURE_POD_IDENTITY_AUTHORITY_HOST: url }, timeoutMs: 3_000 });

describe("Azure's metadata service", () => {
  const found: ImdsReading = { kind: 'found', text: '{}', date: Date.parse(DATE) };
  const rows: [string, Answer, ImdsReading | RegExp][] = [
    ['an answer', { status: 200, body: '{}', headers: { date: DATE } }, found],
    ['404', { status: 404 }, { kind: 'absent' }],
    ['400', { status: 400, body: 'Bad request' }, /instance: HTTP 400: Bad request/],
    ['410', { status: 410 }, /HTTP 410/],
    ['429', { status: 429 }, /HTTP 429/],
    ['503', { status: 503 }, /HTTP 503/],
    ['silence', 'hang', /no answer in 3000 ms/],
    ['a broken line', 'reset', /.+/],
  ];
  for (const [given, answer, then] of rows) {
    it(`${given}: ${then instanceof RegExp ? 'unknown' : then.kind}`, async () => {
      const { url } = await start(() => answer);
      const reading = await imdsAt(url).read('instance', { 'api-version': '1' });
      if (then instanceof RegExp) assert.match(reading.kind === 'unknown' ? reading.reason : '', then);
      else assert.deepEqual(reading, then);
    });
  }

  it('is asked with the header that no browser and no proxy sends, and never through one', async () => {
    const { url, requests } = await start(() => ({ status: 200, body: '{}' }));
    await imdsAt(`${url}/vm-3/`).post('scheduledevents', { 'api-version': '1' }, { StartRequests: [] });
    const { method, path, headers, body } = requests[0] ?? assert.fail();
    assert.deepEqual(
      [method, path, headers.metadata, headers['x-forwarded-for'], body],
      ['POST', '/vm-3/metadata/scheduledevents', 'true', undefined, '{"StartRequests":[]}'],
    );
  });

  it('gives one token until it is near its end, and keeps it over an outage until it has ended', async () => {
    let at = 0;
    let isOut = false;
    const { url, requests } = await start((_, count) =>
      isOut ? { status: 503 } : { status: 200, body: tokenDocument(`t${count}`, 3_600) },
    );
    const token = tokenFromImds({ imds: imdsAt(url), audience: STORAGE_AUDIENCE, now: () => at });
    assert.deepEqual(await Promise.all([token(), token()]), ['t1', 't1']);
    at = 3_299_000;
    assert.equal(await token(), 't1');
    assert.equal(requests.length, 1);
    isOut = true;
    at = 3_300_000;
    assert.equal(await token(), 't1', 'it is valid still');
    at = 3_600_000;
    await assert.rejects(token(), /no access token: identity\/oauth2\/token: HTTP 503/);
    isOut = false;
    assert.match(await token(), /^t\d$/);
  });

  for (const [given, answer, then] of [
    ['no identity', { status: 404 }, /no managed identity/],
    ['an identity that is not there yet', { status: 400, body: 'Identity not found' }, /Identity not found/],
    ['a page of something else', { status: 200, body: '<html>' }, /gave something else/],
    ['a token without a word', { status: 200, body: tokenDocument('') }, /gave something else/],
    ['silence', 'hang', /no access token: .*no answer/],
  ] as const) {
    it(`${given} is no token, and says so`, async () => {
      const { url } = await start(() => answer);
      await assert.rejects(tokenFromImds({ imds: imdsAt(url), audience: 'x' })(), then);
    });
  }
});

const xml = (status: number, body: string, headers: Record<string, string> = {}): Answer => ({
  status,
  body: `\ufeff<?xml version="1.0" encoding="utf-8"?>${body}`,
  headers: { date: DATE, ...headers },
});
const refusal = (status: number, code: string): Answer =>
  xml(
    status,
    `<Error><Code>${code}</Code><Message>It is so.\nRequestId:1\nTime:2026</Message></Error>`,
    status === 404 ? { 'x-ms-error-code': code } : {},
  );

describe('Blob Storage', () => {
  async function connect(
    answer: (request: ReceivedRequest, count: number) => Answer,
  ): Promise<VersionedStore> {
    const { url } = await start(answer);
    return createBlobStore(
      createBlobClient({ store: `${url}/account/`, token: async () => 't', timeoutMs: 3_000 }),
    );
  }
  const store = (answer: Answer) => connect(() => answer);

  describe('errors', () => {
    const rows: [string, Answer, string, RegExp][] = [
      [
        'no role',
        refusal(403, 'AuthorizationPermissionMismatch'),
        'AuthorizationPermissionMismatch',
        /GET 127\.0\.0\.1:\d+\/account\/memory\/x: HTTP 403 .*: It is so\. \(has this identity its role/,
      ],
      [
        'a container that is gone',
        refusal(404, 'ContainerNotFound'),
        'ContainerNotFound',
        /`pulumi up` makes/,
      ],
      ['too much at once', refusal(503, 'ServerBusy'), 'ServerBusy', /503 ServerBusy: It is so\.$/],
      ['a 404 of somebody on the way', { status: 404, body: 'no' }, 'http404', /HTTP 404 http404/],
      ['a server error without a body', { status: 500 }, 'http500', /HTTP 500/],
      ['silence', 'hang', 'timeout', /no answer in time/],
      ['a broken line', 'reset', 'network', /connection failed/],
    ];
    for (const [given, answer, reason, says] of rows) {
      it(`${given} is ${reason}`, async () => {
        const error = await errorOf(AzureError, (await store(answer)).get('memory/x'));
        assert.equal(error.reason, reason);
        assert.match(error.message, says);
      });
    }

    it('without a token nothing is asked', async () => {
      const { url, requests } = await start(() => ({ status: 200 }));
      const token = () => Promise.reject(new Error('no identity'));
      const { get } = createBlobStore(createBlobClient({ store: url, token, timeoutMs: 3_000 }));
      assert.equal((await errorOf(AzureError, get('memory/x'))).reason, 'credentials');
      assert.equal(requests.length, 0);
    });

    it('the resource manager says why in JSON, and its token goes nowhere else', async () => {
      const body = JSON.stringify({ error: { code: 'SubscriptionNotFound', message: 'It is not there.' } });
      const { url, requests } = await start(() => ({ status: 404, body }));
      const client = createAzureClient({ base: url, token: async () => 't', timeoutMs: 3_000 });
      const path = '/subscriptions/s-1';
      const error = await errorOf(
        AzureError,
        client.send({ method: 'GET', path, query: { 'api-version': '1' } }),
      );
      assert.match(error.message, /SubscriptionNotFound: It is not there\. \(is the id of another/);
      const next = `${url}${path}?$skiptoken=2`;
      assert.equal((await errorOf(AzureError, client.send({ method: 'GET', path: next }))).status, 404);
      assert.equal(requests.length, 2);
      const elsewhere = client.send({ method: 'GET', path: 'http://127.0.0.1:1/subscriptions/s-1' });
      assert.equal((await errorOf(AzureError, elsewhere)).reason, 'malformed');
    });
  });

  it('sends what Blob Storage wants of a request with a token', async () => {
    const { put } = await store({ status: 201, headers: { etag: '"1"' } });
    await put('statuses/a b.json', '{}');
    const { method, url, headers } = local.server?.requests[0] ?? assert.fail();
    assert.deepEqual([method, url.pathname], ['PUT', '/account/statuses/a%20b.json']);
    assert.deepEqual(
      [headers.authorization, headers['x-ms-version'], headers['x-ms-blob-type']],
      ['Bearer t', '2023-11-03', 'BlockBlob'],
    );
  });

  it('wants a container in every key', async () => {
    const { get, put, list } = await store({ status: 200 });
    for (const key of ['x', '/x', '']) {
      await assert.rejects(get(key), /by its container, a slash and its name/);
      await assert.rejects(put(key, ''), /by its container/);
      await assert.rejects(async () => {
        for await (const _ of list(key));
      }, /by its container/);
    }
    assert.equal(local.server?.requests.length, 0);
  });

  describe('a blob', () => {
    const written = (headers: Record<string, string>): Answer => ({ status: 200, body: 'x', headers });
    it('has an age by the clock of the store, and its ETag for a version', async () => {
      const headers = { date: DATE, 'last-modified': 'Sun, 01 Mar 2026 11:59:50 GMT', etag: '"7"' };
      const blob = await (await store(written(headers))).get('memory/x');
      assert.deepEqual(blob, { key: 'memory/x', ageMs: 10_000, body: 'x', version: '"7"' });
    });
    for (const [given, headers, says] of [
      ['nothing of its time', { date: DATE }, /memory\/x: the store did not tell when it was written/],
      ['no Date', { date: '', 'last-modified': DATE }, /memory\/x: the store did not tell its time/],
    ] as const) {
      it(`with ${given} is an error`, async () => {
        await assert.rejects((await store(written(headers))).get('memory/x'), says);
      });
    }

    it('is absent only where the store says so', async () => {
      assert.equal(await (await store(refusal(404, 'BlobNotFound'))).get('memory/x'), undefined);
    });

    for (const [given, answer] of [
      ['a page of something else', { status: 200, body: '<html>' }],
      ['201 without an ETag', { status: 201 }],
      ['202', { status: 202, headers: { etag: '"1"' } }],
    ] as const) {
      it(`${given} confirms no write`, async () => {
        await assert.rejects((await store(answer)).put('memory/x', '1'), /no store has confirmed it/);
      });
    }

    for (const [given, answer, then] of [
      ['another content by now', refusal(412, 'ConditionNotMet'), false],
      ['there is one by now', refusal(409, 'BlobAlreadyExists'), false],
      ['a lease of somebody', refusal(412, 'LeaseIdMissing'), /LeaseIdMissing/],
      ['a conflict of another kind', refusal(409, 'AccountBeingCreated'), /AccountBeingCreated/],
      ['no answer', 'hang', /no answer in time/],
    ] as const) {
      it(`replaced, with ${given}: ${then instanceof RegExp ? 'it is not known' : 'not written'}`, async () => {
        const replacing = (await store(answer)).replace('memory/x', '1', '"6"');
        if (then instanceof RegExp) await assert.rejects(replacing, then);
        else assert.equal(await replacing, then);
      });
    }
  });

  describe('a list', () => {
    const blob = (name: string) =>
      `<Blob><Name>${name}</Name><Properties><Last-Modified>Sun, 01 Mar 2026 11:59:00 GMT</Last-Modified></Properties></Blob>`;
    const page = (names: string[], next = '') =>
      xml(
        200,
        `<EnumerationResults ServiceEndpoint="x"><Prefix>i</Prefix><Blobs>${names.map(blob).join('')}</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`,
      );
    async function pagesOf({ list }: VersionedStore, prefix = 'statuses/'): Promise<StoredObject[][]> {
      const pages: StoredObject[][] = [];
      for await (const objects of list(prefix)) pages.push(objects);
      return pages;
    }

    it('is read page by page, with keys as they are and ages by the clock of the store', async () => {
      const pages = await pagesOf(
        await connect((_, count) => (count === 1 ? page(['i 1 ', 'i&amp;2'], 'm 1/2') : page(['i3']))),
        'statuses/i',
      );
      assert.deepEqual(
        pages.flat().map(({ key }) => key),
        ['statuses/i 1 ', 'statuses/i&2', 'statuses/i3'],
      );
      assert.ok(pages.flat().every(({ ageMs }) => ageMs === 60_000));
      const asked = local.server?.requests.map(({ path, url }) => [
        path,
        url.searchParams.get('prefix'),
        url.searchParams.get('marker'),
      ]);
      assert.deepEqual(asked, [
        ['/account/statuses', 'i', null],
        ['/account/statuses', 'i', 'm 1/2'],
      ]);
    });

    it('of nothing is empty', async () => {
      const empty = '<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>';
      assert.deepEqual(await pagesOf(await store(xml(200, empty))), [[]]);
    });

    for (const [given, body] of [
      ['nothing', ''],
      ['a page of something else', '<html><body></body></html>'],
      ['one that breaks off', `<EnumerationResults><Blobs>${blob('i')}`],
      ['one that does not say whether there is more', `<EnumerationResults><Blobs /></EnumerationResults>`],
      ['one without its blobs', '<EnumerationResults><NextMarker /></EnumerationResults>'],
      [
        'one with a blob without a name',
        '<EnumerationResults><Blobs><Blob /></Blobs><NextMarker /></EnumerationResults>',
      ],
    ] as const) {
      it(`${given} is an error, never a short list`, async () => {
        await assert.rejects(pagesOf(await store(xml(200, body))), /listing statuses\/ in .* is no list/);
      });
    }
  });
});
