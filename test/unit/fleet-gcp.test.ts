import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { tokenFromMetadata } from '../../fleet/gcp/access-token.ts';
import { createGcpClient, GcpError } from '../../fleet/gcp/client.ts';
import { createMetadata, type MetadataReading } from '../../fleet/gcp/metadata.ts';
import { createStorageStore } from '../../fleet/gcp/storage-store.ts';
import type { ObjectStore } from '../../fleet/object-store.ts';
import { errorOf } from './support/error-of.ts';
import { type Answer, type ReceivedRequest, useLocalServer } from './support/local-server.ts';

const DATE = 'Sun, 01 Mar 2026 12:00:00 GMT';
const GOOGLE = { 'metadata-flavor': 'Google', etag: 'e1' };

const local = useLocalServer();
const { start } = local;

describe("Google's metadata server", () => {
  const connect = (url: string) =>
    createMetadata({ environment: { GCE_METADATA_HOST: new URL(url).host }, timeoutMs: 3_000 });

  const rows: [string, Answer, MetadataReading | RegExp][] = [
    ['a value', { status: 200, body: 'x\n', headers: GOOGLE }, { kind: 'found', text: 'x', etag: 'e1' }],
    ['404', { status: 404, headers: GOOGLE }, { kind: 'absent' }],
    ['403', { status: 403, headers: GOOGLE }, /HTTP 403/],
    ['503', { status: 503, headers: GOOGLE }, /HTTP 503/],
    ['an empty answer', { status: 200, body: '', headers: GOOGLE }, /an empty answer/],
    ['another server on that address', { status: 200, body: 'x' }, /not an answer of the metadata server/],
    ['silence', 'hang', /no answer in 3000 ms/],
    ['a broken line', 'reset', /.+/],
  ];
  for (const [given, answer, then] of rows) {
    it(`${given}: ${then instanceof RegExp ? 'unknown' : then.kind}`, async () => {
      const { url } = await start(() => answer);
      const reading = await connect(url).read('instance/name');
      if (then instanceof RegExp) assert.match(reading.kind === 'unknown' ? reading.reason : '', then);
      else assert.deepEqual(reading, then);
    });
  }

  it('waits for a change as long as it was told, and a moment more', async () => {
    const { url, requests } = await start(() => ({ status: 200, body: 'FALSE', headers: GOOGLE }));
    await connect(url).read('instance/preempted', { change: { lastEtag: 'e0', waitMs: 1_500 } });
    const { path, url: asked, headers } = requests[0] ?? assert.fail();
    assert.equal(path, '/computeMetadata/v1/instance/preempted');
    assert.deepEqual(Object.fromEntries(asked.searchParams), {
      wait_for_change: 'true',
      last_etag: 'e0',
      timeout_sec: '2',
    });
    assert.equal(headers['metadata-flavor'], 'Google');
  });

  it('gives one token until it is near its end, however many ask for it', async () => {
    let at = 0;
    const { url, requests } = await start((_, count) => ({
      status: 200,
      body: JSON.stringify({ access_token: `t${count}`, expires_in: 3600, token_type: 'Bearer' }),
      headers: GOOGLE,
    }));
    const token = tokenFromMetadata(connect(url), () => at);
    assert.deepEqual(await Promise.all([token(), token()]), ['t1', 't1']);
    at = 3_500_000;
    assert.equal(await token(), 't1');
    at = 3_540_000;
    assert.equal(await token(), 't2');
    assert.equal(requests.length, 2);
  });

  for (const [given, answer, then] of [
    ['no service account', { status: 404 }, /no service account/],
    ['a page of something else', { status: 200, body: '<html>', headers: GOOGLE }, /gave something else/],
    ['silence', 'hang', /no access token: .*no answer/],
  ] as const) {
    it(`${given} is no token, and says so`, async () => {
      const { url } = await start(() => answer);
      await assert.rejects(tokenFromMetadata(connect(url))(), then);
    });
  }
});

describe('Cloud Storage', () => {
  async function store(answer: (request: ReceivedRequest, count: number) => Answer): Promise<ObjectStore> {
    const { url } = await start(answer);
    const environment = { CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: url };
    const client = createGcpClient({ token: async () => 't', environment, timeoutMs: 3_000 });
    return createStorageStore({ client, bucket: 'b' });
  }
  const json = (body: object, status = 200): Answer => ({
    status,
    body: JSON.stringify(body),
    headers: { date: DATE },
  });
  const refusal = (status: number, reason: string, message: string) =>
    json({ error: { code: status, message, errors: [{ domain: 'global', reason, message }] } }, status);
  const text = (status: number, body: string): Answer => ({ status, body, headers: { date: DATE } });

  describe('errors', () => {
    const rows: [string, Answer, string, RegExp][] = [
      [
        'a refusal',
        refusal(403, 'forbidden', 'node does not have storage.objects.get access'),
        'forbidden',
        /GET \/storage\/v1\/b\/b\/o\/x \(storage\): forbidden: node does not/,
      ],
      ['a write too many', refusal(429, 'rateLimitExceeded', 'slow'), 'rateLimitExceeded', /slow/],
      ['a refusal in plain text', text(403, 'no access'), 'http403', /HTTP 403: no access/],
      ['a server error without a body', { status: 500 }, 'http500', /HTTP 500/],
      ['silence', 'hang', 'timeout', /no answer in time/],
      ['a broken line', 'reset', 'network', /connection failed/],
    ];
    for (const [given, answer, reason, says] of rows) {
      it(`${given} is ${reason}`, async () => {
        const error = await errorOf(GcpError, (await store(() => answer)).get('x'));
        assert.equal(error.reason, reason);
        assert.match(error.message, says);
      });
    }
  });

  it('sends every request with the token of its account', async () => {
    const headers = { date: DATE, 'last-modified': DATE };
    const { get } = await store(() => ({ status: 200, body: '{}', headers }));
    await get('statuses/a b.json');
    const request = local.server?.requests[0];
    assert.equal(request?.headers.authorization, 'Bearer t');
    assert.equal(request?.url.pathname, '/storage/v1/b/b/o/statuses%2Fa%20b.json');
  });

  describe('an object', () => {
    const written = (headers: Record<string, string>): Answer => ({ status: 200, body: 'x', headers });
    for (const [given, headers, then] of [
      ['Last-Modified', { date: DATE, 'last-modified': 'Sun, 01 Mar 2026 11:59:50 GMT' }, 10_000],
      ['no more than its generation', { date: DATE, 'x-goog-generation': '1772366395000000' }, 5_000],
      ['nothing of its time', { date: DATE }, /x: the store did not tell when it was written/],
      ['no Date', { date: '', 'last-modified': DATE }, /x: the store did not tell its time/],
    ] as const) {
      it(`with ${given}: ${then instanceof RegExp ? 'an error' : 'its age'}`, async () => {
        const reading = (await store(() => written(headers))).get('x');
        if (then instanceof RegExp) await assert.rejects(reading, then);
        else {
          const version = Object(headers)['x-goog-generation'];
          assert.deepEqual(await reading, { key: 'x', ageMs: then, body: 'x', version });
        }
      });
    }

    const list = (items: object[]): Answer => json({ kind: 'storage#objects', items });
    const rows: [string, Answer, Answer, 'absent' | RegExp][] = [
      ['the store says so', text(404, 'No such object: b/x'), list([]), 'absent'],
      ['a list without it proves it', text(404, 'Not Found'), list([]), 'absent'],
      [
        'a list has it',
        text(404, 'Not Found'),
        list([{ name: 'x', updated: '2026-03-01T11:00:00.000Z' }]),
        /HTTP 404/,
      ],
      [
        'there is no such bucket',
        text(404, 'The specified bucket does not exist.'),
        refusal(404, 'notFound', 'The specified bucket does not exist.'),
        /reading x in bucket b: not found, and no list/,
      ],
      [
        'the list is refused',
        text(404, 'Not Found'),
        refusal(403, 'forbidden', 'no'),
        /not found, and no list/,
      ],
      ['a proxy says so', text(404, 'Not Found'), text(200, '<html>'), /not found, and no list/],
    ];
    for (const [given, answer, listed, then] of rows) {
      it(`404, and ${given}: ${then === 'absent' ? then : 'an error'}`, async () => {
        const { get } = await store(({ url }) => (url.searchParams.has('prefix') ? listed : answer));
        if (then === 'absent') assert.equal(await get('x'), undefined);
        else await assert.rejects(get('x'), then);
      });
    }
  });

  describe('a list', () => {
    it('is read page by page to its end, with ages by the clock of the store', async () => {
      const { list } = await store(({ url }) => {
        const token = url.searchParams.get('pageToken');
        const item = { name: `s/${token ?? 'first'}`, updated: '2026-03-01T11:59:00.000Z' };
        const next = token === null ? 'two' : token === 'two' ? 'three' : undefined;
        return json({ kind: 'storage#objects', items: token === 'two' ? [] : [item], nextPageToken: next });
      });
      const pages = [];
      for await (const page of list('s/')) pages.push(page);
      assert.deepEqual(pages, [[{ key: 's/first', ageMs: 60_000 }], [], [{ key: 's/three', ageMs: 60_000 }]]);
      assert.ok(local.server?.requests.every(({ url }) => url.searchParams.get('prefix') === 's/'));
    });

    for (const [given, answer] of [
      ['an empty answer', text(200, '')],
      ['a page of something else', text(200, '<html>')],
      ['an answer that is no list', json({})],
      ['an entry without its time', json({ kind: 'storage#objects', items: [{ name: 'a' }] })],
      ['no such bucket', refusal(404, 'notFound', 'The specified bucket does not exist.')],
    ] as const) {
      it(`${given} is an error, never an empty list`, async () => {
        const { list } = await store(() => answer);
        await assert.rejects(async () => {
          for await (const _ of list('s/'));
        }, GcpError);
      });
    }
  });

  describe('a write', () => {
    for (const [given, answer, then] of [
      ['the store names what it wrote', json({ kind: 'storage#object', name: 'a/b' }), undefined],
      ['an empty answer', text(200, ''), /makes no sense/],
      ['a page of something else', text(200, '<html>'), /makes no sense/],
      ['another object', json({ kind: 'storage#object', name: 'other' }), /the store wrote other/],
      ['a write too many', refusal(429, 'rateLimitExceeded', 'slow'), /rateLimitExceeded/],
    ] as const) {
      it(`${given}: ${then === undefined ? 'done' : 'an error'}`, async () => {
        const { put } = await store(() => answer);
        if (then === undefined) await put('a/b', '{}');
        else await assert.rejects(put('a/b', '{}'), then);
        const request = local.server?.requests[0];
        assert.equal(request?.path, '/upload/storage/v1/b/b/o');
        assert.equal(request?.url.searchParams.get('name'), 'a/b');
        assert.equal(request?.body, '{}');
      });
    }
  });
});
