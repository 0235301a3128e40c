import assert from 'node:assert/strict';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { createDroplets, type Droplets } from '../../fleet/digitalocean/droplets.ts';
import { createSpacesStore } from '../../fleet/digitalocean/spaces-store.ts';
import { API_METHODS } from '../../lab/digitalocean/front/api.ts';
import { OPERATOR_TOKEN, ORCHESTRATOR_TOKEN } from '../../lab/digitalocean/tokens.ts';
import { createMetadata, FACT_PATHS } from '../../node-agent/clouds/digitalocean/metadata.ts';
import { emptyModel, problemsIn, startTwin, type TestTwin } from './support/digitalocean/twin.ts';
import { until } from './support/quiet-run.ts';
import { type OpenApi, readOpenApi } from './support/specs/openapi.ts';

const VPC = '5a4981aa-9653-4bd1-bef5-d6bff52042e4';
const KEY = { accessKey: 'DO00NODES', secretKey: 'secret-of-nodes', createdAt: '2026-01-01T00:00:00Z' };

const WANTED = {
  region: 'fra1',
  size: 'c-4',
  image: 'debian-13-x64',
  vpc: VPC,
  userData: '#cloud-config\nruncmd:\n- [/bin/true]\n',
};

describe('an account of a twin DigitalOcean', () => {
  let world: TestTwin;
  let description: OpenApi | undefined;
  let droplets: Droplets;
  /** What the twin is to have refused; everything else that it refuses fails the test. */
  let refusals: RegExp[];

  before(() => {
    description = readOpenApi();
  });
  beforeEach(async () => {
    const vpc = { id: VPC, name: 'ebbtide-media', description: '', region: 'fra1', ipRange: '10.87.0.0/16' };
    const bucket = (name: string) => ({ name, arn: name });
    world = await startTwin(
      {
        ...(await emptyModel()),
        tags: ['ebbtide-media'],
        vpcs: [{ ...vpc, createdAt: KEY.createdAt }],
        buckets: [bucket('pool-code'), bucket('pool-statuses'), bucket('pool-memory')],
        spacesKeys: [
          {
            name: 'nodes',
            ...KEY,
            grants: [
              { bucket: 'pool-code', permission: 'read' },
              { bucket: 'pool-statuses', permission: 'readwrite' },
            ],
          },
        ],
      },
      { factor: 240, rates: { hour: 5_000, minute: 250 } },
    );
    droplets = createDroplets({ client: world.client(ORCHESTRATOR_TOKEN), pool: 'media' });
    refusals = [];
  });
  afterEach(async () => {
    await world.twin.close();
    const found = world.twin.refused().map(({ action, why }) => `${action}: ${why}`);
    assert.deepEqual(
      found.filter((each) => !refusals.some((expected) => expected.test(each))),
      [],
    );
    assert.deepEqual(problemsIn(world.exchanges, description), []);
  });

  const of = (name: string) => world.twin.droplets().find((droplet) => droplet.name === name);

  it('asks for the scopes that the description asks for', function () {
    if (description === undefined) return this.skip();
    for (const { http, path, scopes } of API_METHODS)
      assert.deepEqual(scopes, description.scopes(http, path.replace(/\{\w+\}/g, 'x')), `${http} ${path}`);
  });

  it('makes a droplet, which is new, then active, then boots, and knows itself', async () => {
    world.twin.holdNew(true);
    const { id } = await droplets.create({ ...WANTED, name: 'ebbtide-media-1' });
    await until('it would be active', () => world.twin.now() > 30_000);
    assert.deepEqual(
      (await droplets.list()).map(({ name, status, tags }) => [name, status, tags]),
      [['ebbtide-media-1', 'new', ['ebbtide-media']]],
    );
    assert.equal(world.machines.size, 0);
    world.twin.holdNew(false);
    const { spec } = await until('it has a machine', () => world.machines.get('ebbtide-media-1'));
    await until('it serves', () => world.twin.instances().some(({ standing }) => standing === 'serving'));
    assert.equal((await droplets.list())[0]?.status, 'active');
    assert.deepEqual(spec.init, { kind: 'cloud-config', userData: WANTED.userData });
    const metadata = createMetadata({ environment: spec.environment, timeoutMs: 5_000 });
    assert.deepEqual(await metadata.read(FACT_PATHS.machine), { kind: 'found', text: String(id) });
    assert.deepEqual(await metadata.read(FACT_PATHS.zone), { kind: 'found', text: 'fra1' });
    assert.deepEqual(await metadata.read(FACT_PATHS.address), { kind: 'found', text: '127.0.0.1' });
    await droplets.tag('ebbtide-media-draining', [id]);
    const tags = ['ebbtide-media', 'ebbtide-media-draining'];
    assert.deepEqual(await metadata.readTags(), { kind: 'known', tags });
    assert.ok(!('DIGITALOCEAN_API_URL' in spec.environment), 'a node has nothing to ask of the API');
  });

  it('deletes a droplet once, and its machine a moment later', async () => {
    const { id } = await droplets.create({ ...WANTED, name: 'ebbtide-media-1' });
    await until('it runs', () => of('ebbtide-media-1')?.booted);
    await droplets.delete(id);
    assert.deepEqual(await droplets.list(), []);
    await until('its machine is off', () => world.machines.get('ebbtide-media-1')?.on === false);
    await droplets.delete(id);
  });

  it('leaves no machine where one is deleted before it is active', async () => {
    const { id } = await droplets.create({ ...WANTED, name: 'ebbtide-media-1' });
    await droplets.delete(id);
    await until('it would be active', () => world.twin.now() > 60_000);
    assert.equal(world.machines.get('ebbtide-media-1')?.on ?? false, false);
    assert.equal(of('ebbtide-media-1')?.stoppedAt !== undefined, true);
  });

  it('knows no tag that nobody has made, whatever the letters, and tags all or none', async () => {
    const { id } = await droplets.create({ ...WANTED, name: 'ebbtide-media-1' });
    const send = (tag: string, ids: unknown[]) =>
      world.client(ORCHESTRATOR_TOKEN).send({
        what: 'tagging',
        method: 'POST',
        path: `/v2/tags/${encodeURIComponent(tag)}/resources`,
        body: { resources: ids.map((each) => ({ resource_id: String(each), resource_type: 'droplet' })) },
        scopes: [],
      });
    await assert.rejects(send('unheard', [id]), /not_found/);
    await assert.rejects(send('ebbtide-media', [id, 1]), /not_found/);
    // The program makes it and goes on.
    await droplets.tag('Heard:Of', [id]);
    await send('heard:of', [id]);
    assert.deepEqual(of('ebbtide-media-1')?.tags, ['ebbtide-media', 'Heard:Of']);
    await droplets.dropTag('HEARD:OF');
    assert.deepEqual(of('ebbtide-media-1')?.tags, ['ebbtide-media']);
    await droplets.dropTag('HEARD:OF');
  });

  it('tells lists by pages, to whoever asks for all of them', async () => {
    world.twin.setDropletLimit(300);
    for (let number = 0; number < 203; number += 1)
      await droplets.create({ ...WANTED, name: `ebbtide-media-${number}` });
    assert.equal(new Set((await droplets.list()).map(({ name }) => name)).size, 203);
    assert.deepEqual(
      (await droplets.named(new Set(['ebbtide-media-202']))).map(({ name }) => name),
      ['ebbtide-media-202'],
    );
    const several = new Set(Array.from({ length: 7 }, (_, index) => `ebbtide-media-${195 + index}`));
    assert.deepEqual(new Set((await droplets.named(several)).map(({ name }) => name)), several);
    assert.deepEqual(await droplets.readRoom(), { limit: 300, used: 203 });
  });

  for (const [what, changed, says] of [
    ['size', { size: 'c-3' }, /Size is not available/],
    ['region', { region: 'nyc2' }, /Region is not available/],
    ['image', { image: 12 }, /invalid image/],
    ['VPC', { region: 'ams3' }, /the VPC is not in the region/],
  ] as const) {
    it(`makes no droplet of a ${what} that it does not have`, async () => {
      await assert.rejects(droplets.create({ ...WANTED, ...changed, name: 'ebbtide-media-1' }), says);
      assert.deepEqual(await droplets.list(), []);
    });
  }

  it('makes no more droplets than the account may have', async () => {
    world.twin.setDropletLimit(1);
    await droplets.create({ ...WANTED, name: 'ebbtide-media-1' });
    await assert.rejects(
      droplets.create({ ...WANTED, name: 'ebbtide-media-2' }),
      /unprocessable_entity: .* exceed your droplet limit/,
    );
  });

  it('refuses user-data that is too large', async () => {
    refusals = [/droplets_create: .*user_data is too large/];
    const userData = 'x'.repeat(64 * 1024 + 1);
    await assert.rejects(droplets.create({ ...WANTED, name: 'ebbtide-media-1', userData }), /too large/);
  });

  it('does for a token what it has the scopes for, and shows tags to nobody else', async () => {
    refusals = [/missing the required permission/, /Unable to authenticate/];
    const { tokens } = world.twin;
    await droplets.create({ ...WANTED, name: 'ebbtide-media-1' });
    tokens.set('half', 'half', ['droplet:read']);
    const half = createDroplets({ client: world.client('half'), pool: 'media' });
    await assert.rejects(half.list(), /does not show the tag ebbtide-media .*needs tag:read/);
    await assert.rejects(
      half.delete(1),
      /Forbidden: .*droplet:delete\. \(the API token needs droplet:delete\)/,
    );
    tokens.set('half', 'half', [
      'droplet:create',
      'image:read',
      'regions:read',
      'sizes:read',
      'actions:read',
    ]);
    await assert.rejects(half.create({ ...WANTED, name: 'ebbtide-media-2' }), /tag:create/);
    tokens.revoke('half');
    await assert.rejects(half.readRoom(), /the API token is not valid/);
    await assert.rejects(
      createDroplets({ client: world.client(OPERATOR_TOKEN), pool: 'media' }).create({
        ...WANTED,
        name: 'ebbtide-media-2',
      }),
      /droplet:create/,
    );
  });

  it('is asked no more often than it allows, and tells how often that is', async () => {
    await world.twin.close();
    world = await startTwin(await emptyModel(), { factor: 10, rates: { hour: 4, minute: 3 } });
    const ask = () =>
      fetch(`${world.twin.endpoint}/v2/account`, { headers: { authorization: `Bearer ${OPERATOR_TOKEN}` } });
    const answers = [];
    for (let count = 0; count < 4; count += 1) answers.push(await ask());
    assert.deepEqual(
      answers.map(({ status, headers }) => [status, headers.get('ratelimit-remaining')]),
      [
        [200, '3'],
        [200, '2'],
        [200, '1'],
        [429, '1'],
      ],
    );
    assert.equal(answers[3]?.headers.get('ratelimit-limit'), '4');
    assert.ok(Number(answers[3]?.headers.get('ratelimit-reset')) > Date.now() / 1000);
    const wait = Number(answers[3]?.headers.get('retry-after'));
    assert.ok(wait > 0 && wait <= 60, String(wait));
    // A minute of the twin's.
    await new Promise((resolve) => setTimeout(resolve, 6_200));
    assert.equal((await ask()).status, 200);
    const hourly = await ask();
    assert.equal(hourly.status, 429);
    assert.ok(Number(hourly.headers.get('retry-after')) > 60, 'the hour is over later than the minute');
  });

  it('lets a key of Spaces do what it was granted, in the buckets that it names', async () => {
    refusals = [/no grant of its key allows that/, /SignatureDoesNotMatch/];
    const storeWith = (secretAccessKey: string) =>
      createSpacesStore({
        region: 'fra1',
        credentials: async () => ({ accessKeyId: KEY.accessKey, secretAccessKey }),
        environment: world.twin.environment(),
        timeoutMs: 5_000,
        buckets: { code: 'pool-code', statuses: 'pool-statuses', memory: 'pool-memory' },
      });
    const store = storeWith(KEY.secretKey);
    world.twin.putObject('pool-code', 'decisions/one.json', '{}');
    await store.put('statuses/one.json', '{"v":1}', undefined, { 'ebbtide-signature': 'abc' });
    const status = await store.get('statuses/one.json');
    assert.deepEqual([status?.body, status?.metadata], ['{"v":1}', { 'ebbtide-signature': 'abc' }]);
    assert.equal((await store.get('decisions/one.json'))?.body, '{}');
    assert.equal(await store.get('decisions/two.json'), undefined);
    await assert.rejects(store.put('decisions/one.json', '{"intent":"leave"}'), /AccessDenied/);
    await assert.rejects(store.remove('decisions/one.json'), /AccessDenied/);
    await assert.rejects(store.get('memory/orchestrator.json'), /AccessDenied/);
    await assert.rejects(storeWith('guessed').get('decisions/one.json'), /SignatureDoesNotMatch/);
    await store.remove('statuses/one.json');
    assert.equal(await store.get('statuses/one.json'), undefined);
    assert.deepEqual(world.twin.keys('pool-code'), ['decisions/one.json']);
  });
});
