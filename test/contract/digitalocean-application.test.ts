import assert from 'node:assert/strict';
import { afterEach, before, describe, it } from 'mocha';
import type { Applied } from '../../lab/digitalocean/apply.ts';
import { parseCloudConfig } from '../../lab/instance/cloud-config.ts';
import {
  applyPool,
  type Exchanged,
  problemsIn,
  startTwin,
  type TestTwin,
  until,
} from './support/digitalocean/twin.ts';
import { type OpenApi, readOpenApi } from './support/specs/openapi.ts';

const ORCHESTRATOR = 'ebbtide/orchestrator';

describe('the program of stacks/, applied to a twin DigitalOcean', function () {
  this.timeout(60_000);
  let applied: Applied;
  let description: OpenApi | undefined;
  const asked: Exchanged[] = [];
  let world: TestTwin | undefined;

  before(async () => {
    description = readOpenApi();
    applied = await applyPool({}, asked);
  });
  afterEach(async () => {
    await world?.twin.close();
    const { twin, exchanges = [] } = world ?? {};
    world = undefined;
    assert.deepEqual(problemsIn(exchanges, description), []);
    assert.deepEqual(twin?.refused() ?? [], []);
  });

  it('asks at preview what the description knows, and reads nothing but it', () => {
    assert.ok(asked.length >= 10, `${asked.length} requests`);
    assert.deepEqual(problemsIn(asked, description), []);
    assert.ok(asked.every(({ request, reply }) => request.method === 'GET' && reply.status <= 404));
  });

  it('is read whole: keys that know no more than they must, and everything bound to the tag', () => {
    const { model } = applied;
    assert.deepEqual(model.tags.toSorted(), ['ebbtide-media', 'ebbtide-media-draining']);
    assert.deepEqual(
      model.firewalls.map(({ tags }) => tags),
      [['ebbtide-media']],
    );
    assert.deepEqual(
      model.loadBalancers.map(({ tag, healthCheck }) => [tag, healthCheck.path]),
      [['ebbtide-media', '/healthz']],
    );
    assert.deepEqual(model.alerts.map(({ type }) => type).toSorted(), [
      'v1/insights/droplet/cpu',
      'v1/insights/lbaas/droplet_health',
    ]);
    const grants = Object.fromEntries(
      model.spacesKeys.map((key) => [
        key.name.split('-').at(-1),
        key.grants.map(({ bucket, permission }) => `${bucket.split('-').at(-1)} ${permission}`),
      ]),
    );
    assert.deepEqual(grants, {
      stack: [' fullaccess'],
      nodes: ['code read', 'statuses readwrite'],
      orchestrator: ['code readwrite', 'statuses read', 'memory readwrite'],
    });
    const [namespace] = model.namespaces;
    assert.deepEqual([...(namespace?.actions.keys() ?? [])], [ORCHESTRATOR]);
    assert.deepEqual(
      [...(namespace?.triggers.values() ?? [])].map(({ function: name, cron }) => [name, cron]),
      [[ORCHESTRATOR, '* * * * *']],
    );
  });

  it('has droplets made by the real orchestrator, each with a key of its own and nothing of the API', async () => {
    applied = await applyPool({ pool: { name: 'media', min: 2, max: 4 } });
    world = await startTwin(applied.model, { factor: 120 });
    const { twin, machines } = world;
    await until('two are there', () => twin.instances().filter(({ running }) => running).length === 2);
    await until('both have a machine', () => machines.size === 2);
    // It runs on, and does not make more.
    const runs = () => world?.events.filter(({ kind }) => kind === 'invoked').length ?? 0;
    const seen = runs();
    await until('it has looked again', () => runs() >= seen + 3);
    assert.equal(twin.droplets().length, 2);
    const files = [...machines.values()].map(({ spec }) => {
      assert.ok(spec.init.kind === 'cloud-config');
      return JSON.parse(
        parseCloudConfig(spec.init.userData)
          .files.find(({ path }) => path === '/etc/ebbtide/droplet.json')
          ?.content.toString() ?? '',
      );
    });
    assert.deepEqual(files.map(({ node }) => node).toSorted(), [...machines.keys()].toSorted());
    assert.notEqual(files[0].statusKey, files[1].statusKey);
    for (const { spec } of machines.values()) {
      const told = JSON.stringify(spec);
      assert.ok(!told.includes('dop_v1_'), 'a node has an API token');
    }
    assert.deepEqual(
      twin.droplets().map(({ tags, spec }) => [tags, spec.vpc]),
      Array(2).fill([['ebbtide-media'], applied.model.vpcs[0]?.id]),
    );
    assert.deepEqual(
      world.events.filter(({ kind }) => kind === 'invocation-failed'),
      [],
    );
  });

  it('is deleted a droplet of without a word in the control run', async () => {
    world = await startTwin(applied.model, { factor: 240, mode: 'control' });
    const { twin } = world;
    await until(
      'they serve',
      () => twin.instances().filter(({ standing }) => standing === 'serving').length === 2,
    );
    assert.equal(
      twin.keys(applied.model.buckets[0]?.name ?? '').some((key) => key.startsWith('decisions/')),
      false,
    );
    assert.equal(
      world.events.some(({ kind }) => kind === 'invoked'),
      false,
    );
  });
});
