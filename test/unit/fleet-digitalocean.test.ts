import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { afterEach, describe, it } from 'mocha';
import { createDigitalOceanClient, DigitalOceanError } from '../../fleet/digitalocean/client.ts';
import { createDroplets, type Droplets } from '../../fleet/digitalocean/droplets.ts';
import { createSpacesStore } from '../../fleet/digitalocean/spaces-store.ts';
import { decisionTag, drainingTag, markInTags, poolTag } from '../../fleet/digitalocean/tags.ts';
import { HttpError, type HttpRequest, type HttpResponse } from '../../fleet/http.ts';
import { OceanStandIn } from '../support/ocean-stand-in.ts';
import { NOW } from './support/fleet.ts';

type Answer = (request: HttpRequest, deliver: () => HttpResponse) => HttpResponse | Promise<HttpResponse>;

function setUp(names: string[] = [], answer: Answer = (_, deliver) => deliver()) {
  const ocean = new OceanStandIn();
  ocean.now = () => NOW;
  for (const name of names) ocean.addDroplet(name);
  const waited: number[] = [];
  const sent: HttpRequest[] = [];
  const clock = {
    now: () => NOW,
    after(ms: number, action: () => void) {
      waited.push(ms);
      const due = setImmediate(action);
      return () => clearImmediate(due);
    },
  };
  const client = createDigitalOceanClient({
    token: async () => 'token',
    environment: {},
    clock,
    timeoutMs: 1_000,
    send: async (request) => {
      sent.push(request);
      const { method, body = '', headers = {} } = request;
      return answer(request, () => ocean.answer({ method, url: new URL(request.url), body, headers }));
    },
  });
  return { ocean, waited, sent, droplets: createDroplets({ client, pool: 'media' }) };
}

const WANTED = { name: 'ebbtide-media-a', region: 'fra1', size: 's-1', image: 7, userData: '#' };
const plain = (status: number, body: unknown, headers = {}): HttpResponse => ({
  status,
  headers,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const slowDown = (status: number) => plain(status, '<Error><Code>SlowDown</Code></Error>');
const namesOf = (list: readonly { name: string }[]) => list.map(({ name }) => name);

describe("DigitalOcean's API", () => {
  it('lists to the last page, by the tag of the pool, in pages as large as there are', async () => {
    const { ocean, sent, droplets } = setUp(['a', 'b', 'c', 'd', 'e']);
    ocean.pageSize = 2;
    const [first, ...more] = await droplets.list();
    assert.deepEqual([first?.name, first?.listedAt, more.length], ['a', NOW, 4]);
    assert.deepEqual(
      sent.map(({ url }) => String(url)),
      [1, 2, 3].map(
        (page) => `https://api.digitalocean.com/v2/droplets?tag_name=ebbtide-media&per_page=200&page=${page}`,
      ),
    );
    assert.equal(sent[0]?.headers?.authorization, 'Bearer token');
  });

  it('looks again where one went between two pages, and gives up where that goes on', async () => {
    for (const times of [1, 3]) {
      let left = times;
      const { ocean, droplets } = setUp(['a', 'b', 'c', 'd', 'e'], ({ url }, deliver) => {
        const page = deliver();
        if (String(url).endsWith('page=1') && left-- > 0) ocean.droplets.delete(1_001 + times - left - 1);
        return page;
      });
      ocean.pageSize = 2;
      if (times === 1) assert.deepEqual(namesOf(await droplets.list()), ['b', 'c', 'd', 'e']);
      else await assert.rejects(droplets.list(), /pages do not fit together, 3 times/);
    }
  });

  it('takes nothing else for a list', async () => {
    const droplet = {
      id: 1,
      name: 'a',
      status: 'active',
      created_at: 'x',
      region: { slug: 'fra1' },
      tags: [],
    };
    const meta = { total: 1 };
    const next = { pages: { next: 'https://x/?page=2' } };
    const rows: [string, unknown, RegExp][] = [
      ['no list at all', '<html>', /makes no sense/],
      ['no total', { droplets: [] }, /makes no sense/],
      ['a droplet without tags', { droplets: [{ ...droplet, tags: undefined }], meta }, /makes no sense/],
      ['one that hides its tags', { droplets: [droplet], meta }, /does not show the tag .* needs tag:read/],
      ['fewer than there are', { droplets: [], meta }, /do not fit together/],
      ['a page that never ends', { droplets: [], links: next, meta }, /is empty, and not the last/],
    ];
    for (const [given, body, expected] of rows) {
      const { droplets } = setUp([], () => plain(200, body));
      await assert.rejects(droplets.list(), expected, given);
    }
  });

  const calls: [string, (droplets: Droplets) => Promise<unknown>, RegExp][] = [
    ['list', (each) => each.list(), /needs droplet:read, tag:read/],
    ['create', (each) => each.create(WANTED), /needs droplet:create, tag:create, image:read, vpc:read/],
    ['delete', (each) => each.delete(7), /needs droplet:delete/],
    ['tag', (each) => each.tag('x', [7]), /needs tag:create, droplet:update/],
    ['drop a tag', (each) => each.dropTag('x'), /needs tag:delete/],
    [
      'read the limit',
      (each) => each.readRoom(),
      /needs (account:read, droplet:read|droplet:read, tag:read)/,
    ],
  ];
  for (const [what, call, scopes] of calls) {
    it(`${what}: names what the token lacks, and tells every failure`, async () => {
      const refused = setUp([], () => plain(403, { id: 'Forbidden', message: 'You are not authorized' }));
      await assert.rejects(call(refused.droplets), scopes);
      const unknown = setUp([], () => plain(401, { id: 'Unauthorized', message: 'Unable to authenticate' }));
      await assert.rejects(call(unknown.droplets), /Unable to authenticate.*expired, or been revoked/);
      for (const status of [400, 422, 429, 500, 503]) {
        const failing = setUp([], () => plain(status, 'upstream'));
        await assert.rejects(
          call(failing.droplets),
          (error) => error instanceof DigitalOceanError && error.status === status,
        );
      }
      const silent = setUp([], () => Promise.reject(new HttpError('x', true)));
      await assert.rejects(call(silent.droplets), /no answer in time/);
    });
  }

  describe('told to wait', () => {
    const rows: [string, Record<string, string>, number[]][] = [
      ['so long: does', { 'retry-after': '3' }, [3_000, 3_000]],
      ['longer than it is worth: does not', { 'retry-after': '11' }, []],
      ['by the limit of an hour, which says nothing: does not', {}, []],
      ['by nonsense: does not', { 'retry-after': 'soon' }, []],
    ];
    for (const [given, headers, expected] of rows) {
      it(given, async () => {
        const { droplets, waited, sent } = setUp([], () => plain(429, { id: 'too_many_requests' }, headers));
        await assert.rejects(droplets.list(), /too_many_requests/);
        assert.deepEqual([waited, sent.length], [expected, expected.length + 1]);
      });
    }

    it('goes on after that', async () => {
      let isFirst = true;
      const { droplets } = setUp(['a'], (_, deliver) => {
        const wasFirst = isFirst;
        isFirst = false;
        return wasFirst ? plain(429, { id: 'x' }, { 'retry-after': '1' }) : deliver();
      });
      assert.deepEqual(namesOf(await droplets.list()), ['a']);
    });
  });

  it('makes a droplet with the tag of its pool', async () => {
    const { ocean, sent, droplets } = setUp();
    const made = await droplets.create({ ...WANTED, vpc: 'v', sshKeys: [1] });
    assert.equal(made.name, 'ebbtide-media-a');
    assert.deepEqual(JSON.parse(sent[0]?.body ?? ''), {
      name: 'ebbtide-media-a',
      region: 'fra1',
      size: 's-1',
      image: 7,
      vpc_uuid: 'v',
      ssh_keys: [1],
      monitoring: true,
      tags: ['ebbtide-media'],
      user_data: '#',
    });
    assert.deepEqual(ocean.named('ebbtide-media-a')?.tags, ['ebbtide-media']);
  });

  it('makes a tag that is not there, and takes what is gone for gone', async () => {
    const { ocean, droplets } = setUp(['a']);
    await droplets.tag('new', [1_001]);
    assert.deepEqual(ocean.named('a')?.tags, ['ebbtide-media', 'new']);
    await droplets.delete(7);
    await droplets.dropTag('none');
    assert.deepEqual(await droplets.readRoom(), { limit: 100, used: 1 });
    await assert.rejects(droplets.tag('new', [7]), /not_found/);
  });

  describe('over a line', () => {
    let close = () => undefined as unknown;
    afterEach(() => close());

    /** Answers the first request of each connection, and closes it at the next. */
    async function onceEach() {
      const seen: string[] = [];
      const used = new WeakSet<object>();
      const server = createServer((request, response) => {
        seen.push(`${request.method}`);
        if (used.has(request.socket)) return request.socket.destroy();
        used.add(request.socket);
        request.resume();
        response.end(JSON.stringify({ droplet: { id: 1, name: 'a' } }));
        return undefined;
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      close = () => [server.close(), server.closeAllConnections()];
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : 0;
      const client = createDigitalOceanClient({
        token: async () => 'token',
        environment: { DIGITALOCEAN_API_URL: `http://127.0.0.1:${port}/` },
        clock: { now: Date.now, after: () => () => undefined },
        timeoutMs: 2_000,
      });
      return { seen, droplets: createDroplets({ client, pool: 'media' }) };
    }

    it('a deletion is sent again where its connection was closed before an answer, a creation never', async () => {
      const { seen, droplets } = await onceEach();
      await droplets.delete(1);
      await droplets.delete(2);
      assert.deepEqual(seen, ['DELETE', 'DELETE', 'DELETE']);
      seen.length = 0;
      await droplets.create(WANTED);
      await droplets.create(WANTED);
      assert.deepEqual(seen, ['POST', 'POST']);
    });
  });
});

describe("DigitalOcean's tags", () => {
  it('have only letters, digits, colons, dashes and underscores', () => {
    for (const tag of [poolTag('media'), drainingTag('media'), decisionTag('0mabc-1z')])
      assert.match(tag, /^[a-zA-Z0-9_:-]{1,255}$/);
    assert.equal(markInTags(['ebbtide-media', decisionTag('0mabc-1z')]), '0mabc-1z');
    assert.equal(markInTags(['ebbtide-media']), undefined);
  });
});

describe("a pool's buckets on Spaces", () => {
  it('each has its part, by the first part of a key', async () => {
    const sent: string[] = [];
    const store = (memory?: string) =>
      createSpacesStore({
        region: 'fra1',
        credentials: async () => ({ accessKeyId: 'k', secretAccessKey: 's' }),
        environment: {},
        timeoutMs: 1_000,
        buckets: { code: 'p-code', statuses: 'p-statuses', memory },
        send: async ({ method, url }) => {
          sent.push(`${method} ${url}`);
          return { status: 200, headers: { etag: '"1"' }, body: Buffer.from('') };
        },
      });
    const home = 'https://fra1.digitaloceanspaces.com';
    await store().put('statuses/a.json', '{}', undefined, { 'ebbtide-signature': 'x' });
    await store().put('decisions/a.json', '{}');
    await store('p-memory').put('memory/a.json', '{}');
    await store('p-memory').remove('memory/a.json');
    assert.deepEqual(sent, [
      `PUT ${home}/p-statuses/statuses/a.json`,
      `PUT ${home}/p-code/decisions/a.json`,
      `PUT ${home}/p-memory/memory/a.json`,
      `DELETE ${home}/p-memory/memory/a.json`,
    ]);
    await assert.rejects(store().put('memory/a.json', '{}'), /no bucket for memory/);
  });

  describe('asked too much of at once', () => {
    const rows: [string, HttpResponse[], number[], RegExp | undefined][] = [
      ['is asked again, later and later', [503, 503].map(slowDown), [250, 500], undefined],
      ['and not for ever', [503, 503, 503, 503].map(slowDown), [250, 500, 1_000], /SlowDown/],
      ['as by another name', [plain(429, '<Error><Code>TooManyRequests</Code></Error>')], [250], undefined],
      [
        'but not where something else is wrong',
        [plain(503, '<Error><Code>ServiceUnavailable</Code></Error>')],
        [],
        /ServiceUnavailable/,
      ],
    ];
    for (const [given, refusals, expected, says] of rows) {
      it(given, async () => {
        const waited: number[] = [];
        const answers = [...refusals];
        const clock = {
          now: () => NOW,
          after(ms: number, action: () => void) {
            waited.push(ms);
            setImmediate(action);
            return () => undefined;
          },
        };
        const store = createSpacesStore({
          region: 'fra1',
          credentials: async () => ({ accessKeyId: 'k', secretAccessKey: 's' }),
          environment: {},
          timeoutMs: 1_000,
          buckets: { code: 'p-code', statuses: 'p-statuses' },
          patientBy: clock,
          send: async () => answers.shift() ?? plain(200, '', { etag: '"1"' }),
        });
        const put = store.put('statuses/a.json', '{}');
        await (says === undefined ? put : assert.rejects(put, says));
        assert.deepEqual(waited, expected);
      });
    }
  });
});
