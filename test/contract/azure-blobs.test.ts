import assert from 'node:assert/strict';
import { poolModel, STORE } from './support/azure/model.ts';
import { startTwin, type TestTwin } from './support/azure/twin.ts';

const LEASE = '11111111-2222-4333-8444-555555555555';
const OTHER = '99999999-2222-4333-8444-555555555555';

describe('the twin blob store', () => {
  let world: TestTwin;

  beforeEach(async () => {
    const model = await poolModel({ capacity: 0, min: 0 });
    world = await startTwin(model, { mode: 'control', pageSize: 2 });
  });
  afterEach(() => world.twin.close());

  const put = (path: string, body: string, headers: Record<string, string> = {}) =>
    world.blob('operator', 'PUT', path, { body, headers });
  const get = (path: string) => world.blob('operator', 'GET', path);
  const lease = (action: string, headers: Record<string, string>) =>
    world.blob('operator', 'PUT', 'memory/scale-in.json?comp=lease', {
      headers: { 'x-ms-lease-action': action, ...headers },
    });
  const acquire = (id: string) =>
    lease('acquire', { 'x-ms-lease-duration': '60', 'x-ms-proposed-lease-id': id });
  const codeOf = ({ status, headers }: { status: number; headers: Record<string, unknown> }) =>
    `${status} ${headers['x-ms-error-code'] ?? ''}`.trim();

  it('writes, reads and deletes, with conditions', async () => {
    const written = await put('memory/a.json', 'one', { 'if-none-match': '*' });
    assert.equal(written.status, 201);
    assert.equal(
      codeOf(await put('memory/a.json', 'two', { 'if-none-match': '*' })),
      '409 BlobAlreadyExists',
    );
    const read = await get('memory/a.json');
    assert.deepEqual([read.status, read.text, read.headers.etag], [200, 'one', written.headers.etag]);
    assert.ok(read.headers.date && read.headers['last-modified']);
    assert.equal((await put('memory/a.json', 'two', { 'if-match': String(read.headers.etag) })).status, 201);
    assert.equal(
      codeOf(await put('memory/a.json', 'three', { 'if-match': String(read.headers.etag) })),
      '412 ConditionNotMet',
    );
    assert.equal((await world.blob('operator', 'DELETE', 'memory/a.json')).status, 202);
    assert.equal(codeOf(await get('memory/a.json')), '404 BlobNotFound');
    assert.equal(codeOf(await get('nowhere/a.json')), '404 ContainerNotFound');
  });

  it('lists by prefix, page by page', async () => {
    for (const name of ['b', 'a', 'c', 'z&<']) await put(`memory/${encodeURIComponent(`x/${name}`)}`, '1');
    await put('memory/y', '1');
    const first = await get('memory?restype=container&comp=list&prefix=x/');
    assert.match(first.text, /<Name>x\/a<\/Name>.*<Name>x\/b<\/Name>/);
    const [, marker = ''] = /<NextMarker>(.+)<\/NextMarker>/.exec(first.text) ?? [];
    const second = await get(
      `memory?restype=container&comp=list&prefix=x/&marker=${encodeURIComponent(marker.replace(/&#(\d+);/g, (_all, code) => String.fromCharCode(Number(code))))}`,
    );
    assert.match(second.text, /<Name>x\/c<\/Name>.*<Name>x\/z&#38;&#60;<\/Name>/);
    assert.match(second.text, /<NextMarker \/>/);
  });

  it('has one lease at a time, without which nobody writes', async () => {
    await put('memory/scale-in.json', '{}');
    assert.equal((await acquire(LEASE)).status, 201);
    assert.equal(codeOf(await acquire(OTHER)), '409 LeaseAlreadyPresent');
    assert.equal((await acquire(LEASE)).status, 201, 'who has it may have it anew');
    assert.equal(codeOf(await put('memory/scale-in.json', '1')), '412 LeaseIdMissing');
    assert.equal(
      codeOf(await put('memory/scale-in.json', '1', { 'x-ms-lease-id': OTHER })),
      '412 LeaseIdMismatchWithBlobOperation',
    );
    assert.equal((await put('memory/scale-in.json', '1', { 'x-ms-lease-id': LEASE })).status, 201);
    assert.equal((await lease('renew', { 'x-ms-lease-id': LEASE })).status, 200);
    assert.equal(
      codeOf(await lease('release', { 'x-ms-lease-id': OTHER })),
      '409 LeaseIdMismatchWithLeaseOperation',
    );
    assert.equal((await lease('release', { 'x-ms-lease-id': LEASE })).status, 200);
    assert.equal((await acquire(OTHER)).status, 201);
    assert.deepEqual(world.twin.refused(), []);
  });

  it('takes no request that is not as it must be, and remembers it', async () => {
    const wrong = [
      await put('memory/a', 'x', { 'x-ms-version': '2015-02-21' }),
      await put('memory/a', 'x', { 'x-ms-blob-type': 'PageBlob' }),
      await put('memory/a', 'x', { 'x-ms-made-up': '1' }),
      await lease('acquire', { 'x-ms-lease-duration': '5', 'x-ms-proposed-lease-id': LEASE }),
      await get('memory?restype=container&comp=acl'),
    ];
    assert.deepEqual(
      wrong.map(({ status }) => status),
      [400, 400, 400, 404, 400],
    );
    assert.equal(world.twin.refused().length, 4);
  });

  it('lets a node write its status, read its decision, and do nothing else', async () => {
    world.twin.putObject(STORE, 'decisions/n.json', '{}');
    const asked = [
      await world.blob('node', 'PUT', 'statuses/n.json', { body: '{}' }),
      await world.blob('node', 'GET', 'decisions/n.json'),
      await world.blob('node', 'PUT', 'decisions/n.json', { body: '{}' }),
      await world.blob('node', 'DELETE', 'statuses/n.json'),
      await world.blob('node', 'GET', 'memory/scale-in.json'),
      await world.blob('runbook', 'GET', 'secrets/wake-url'),
      await world.blob('runbook', 'PUT', 'statuses/n.json', { body: '{}' }),
    ];
    assert.deepEqual(
      asked.map(({ status }) => status),
      [201, 200, 403, 403, 403, 403, 403],
    );
    assert.equal(codeOf(asked[2] ?? { status: 0, headers: {} }), '403 AuthorizationPermissionMismatch');
    assert.equal(world.twin.refused().length, 5);
  });
});
