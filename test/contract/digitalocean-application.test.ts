import assert from 'node:assert/strict';
import { afterEach, before, describe, it } from 'mocha';
import * as v from 'valibot';
import { DROPLET_FILE, type DropletFile, dropletFileSchema } from '../../fleet/digitalocean/droplet-file.ts';
import { createSpacesStore } from '../../fleet/digitalocean/spaces-store.ts';
import { createStatusSigner, SIGNATURE_METADATA } from '../../fleet/status-signature.ts';
import type { TwinEvent } from '../../lab/cloud/events.ts';
import type { Applied } from '../../lab/digitalocean/apply.ts';
import { parseCloudConfig } from '../../lab/instance/cloud-config.ts';
import type { MachineSpec } from '../../lab/machine.ts';
import { statusOf } from '../unit/support/fleet.ts';
import {
  applyPool,
  type Exchanged,
  problemsIn,
  startTwin,
  type TestTwin,
} from './support/digitalocean/twin.ts';
import { until } from './support/quiet-run.ts';
import { type OpenApi, readOpenApi } from './support/specs/openapi.ts';

/** As its user-data brings it. */
function dropletFileOf({ init }: MachineSpec): DropletFile {
  assert.ok(init.kind === 'cloud-config');
  const { files } = parseCloudConfig(init.userData);
  const content = files.find(({ path }) => path === DROPLET_FILE)?.content.toString();
  return v.parse(dropletFileSchema, JSON.parse(content ?? ''));
}

const ORCHESTRATOR = 'ebbtide/orchestrator';
const HEALTH = 'ebbtide/health';
const isRun = (event: TwinEvent) => event.kind === 'invoked' && event.function === ORCHESTRATOR;

describe('the program of stacks/, applied to a twin DigitalOcean', () => {
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

  for (const [what, settings, says] of [
    [
      'the account has room for',
      { pool: { name: 'media', min: 1, max: 23 } },
      /with ebbtide:scaleIn\.maxDrains, which is 3, it must be at most 25, which is the account's limit/,
    ],
    [
      'the region has a size for',
      { pool: { name: 'media', min: 1, max: 4, machineType: 'c-3' } },
      /your account cannot have it in fra1, which has of its kind c-2, c-4, c-8/,
    ],
    [
      'is in use',
      { digitalocean: { region: 'nyc2', functionsRegion: 'fra1', spacesRegion: 'fra1' } },
      /no new droplets/,
    ],
    [
      'the token may make',
      { digitaloceanSecrets: { orchestratorToken: 'dop_v1_unheard-of' } },
      /orchestratorToken is of no use: .*the API token is not valid/,
    ],
  ] as const) {
    it(`makes nothing where a setting is not what ${what}`, async () => {
      await assert.rejects(applyPool(settings), says);
    });
  }

  it('is read whole: keys that know no more than they must, and everything bound to the tag', () => {
    const { model } = applied;
    assert.deepEqual(model.tags.toSorted(), [
      'ebbtide-media',
      'ebbtide-media-draining',
      'ebbtide-media:of:ebbtide-lab',
    ]);
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
      'v1/insights/droplet/disk_utilization_percent',
      'v1/insights/droplet/memory_utilization_percent',
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
      health: ['memory read'],
    });
    const [namespace] = model.namespaces;
    assert.deepEqual([...(namespace?.actions.keys() ?? [])].toSorted(), [HEALTH, ORCHESTRATOR]);
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
    const runs = () => world?.events.filter(isRun).length ?? 0;
    const seen = runs();
    await until('it has looked again', () => runs() >= seen + 3);
    assert.equal(twin.droplets().length, 2);
    const files = [...machines.values()].map(({ spec }) => dropletFileOf(spec));
    assert.deepEqual(files.map(({ node }) => node).toSorted(), [...machines.keys()].toSorted());
    assert.notEqual(files[0]?.statusKey, files[1]?.statusKey);
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

  it('loses a droplet by its own signed word that it is empty, and by no other', async () => {
    applied = await applyPool({
      pool: { name: 'media', min: 1, max: 4, initial: 2 },
      scaling: { kind: 'cpu', target: 50, warmUp: '1s', coolDown: '1s', lowFor: '1s' },
    });
    world = await startTwin(applied.model, { factor: 120 });
    const { twin, machines, events } = world;
    await until('two have a machine', () => machines.size === 2);
    const files = new Map([...machines].map(([name, { spec }]) => [name, dropletFileOf(spec)]));
    const say = async (node: string, signer: string, changed: Parameters<typeof statusOf>[1] = {}) => {
      const { spaces, statusKey } = files.get(signer) ?? assert.fail(signer);
      const [key, now] = [`statuses/${node}.json`, new Date().toISOString()];
      const machine = String(twin.droplets().find(({ name }) => name === node)?.id);
      const times = { at: now, since: now, bootedAt: new Date(Date.now() - 60_000).toISOString() };
      const body = JSON.stringify({
        ...statusOf(node, { cloud: 'digitalocean', zone: 'fra1', machine, cpu: 0, ...times, ...changed }),
      });
      const metadata = { [SIGNATURE_METADATA]: createStatusSigner(statusKey)(key, body) };
      const buckets = { code: '-', statuses: bucketOf('statuses') };
      await createSpacesStore({
        region: 'fra1',
        credentials: async () => spaces,
        environment: twin.environment(),
        timeoutMs: 5_000,
        buckets,
      }).put(key, body, undefined, metadata);
    };
    const bucketOf = (what: string) =>
      applied.model.buckets.find(({ name }) => name.endsWith(what))?.name ?? '';
    const decisions = () => twin.keys(bucketOf('code')).filter((key) => key.startsWith('decisions/'));
    const runs = () => events.filter(isRun).length;

    for (const node of machines.keys()) await say(node, node);
    await until('one is decided', () => decisions().length === 1);
    const victim = /decisions\/(.*)\.json/.exec(decisions()[0] ?? '')?.[1] ?? '';
    const other = [...machines.keys()].find((name) => name !== victim) ?? '';
    const decision = JSON.parse(twin.object(bucketOf('code'), decisions()[0] ?? '') ?? '');
    const { v: _v, node: _node, machine: _machine, pool: _pool, reason: _reason, ...told } = decision;
    const empty = { phase: 'empty', decision: told } as const;
    await until('it is marked', () =>
      twin.droplets().some(({ name, tags }) => name === victim && tags.length === 3),
    );

    await say(victim, other, empty);
    const seen = runs();
    await until('it is looked at again and again', () => runs() >= seen + 3);
    assert.equal(twin.droplets().filter(({ isGone }) => isGone).length, 0);
    assert.ok(
      events.some((event) => event.kind === 'function-log' && event.line.includes('forged-status')),
      'the forged word is told',
    );
    await say(victim, victim, empty);
    await until('it is gone', () => machines.get(victim)?.on === false);
    assert.equal(machines.get(other)?.on, true);
    assert.deepEqual(twin.leaked(), []);
    // The tag of its decision is nobody's any more.
    await until('its tag is dropped', () => !twin.tags().some((tag) => tag.startsWith('ebbtide-decision')));
  });

  it('loses the droplet with the least to do, at once and whatever is on it, in the control run', async () => {
    applied = await applyPool();
    const load = new Map([['ebbtide-media-control1', 80]]);
    const cpu = (name: string) => load.get(name) ?? 0;
    world = await startTwin(applied.model, { factor: 240, mode: 'control', cpu });
    const { twin, events, machines } = world;
    const serving = () => twin.instances().filter(({ standing }) => standing === 'serving').length;
    await until('there are two, as 80 % ask for', () => serving() === 2);
    load.set('ebbtide-media-control1', 5).set('ebbtide-media-control2', 20);
    await until('one is gone', () => machines.get('ebbtide-media-control1')?.on === false);
    assert.equal(machines.get('ebbtide-media-control2')?.on, true);
    const seen = ['decision', 'desired', 'invoked'].map(
      (kind) => events.filter((event) => event.kind === kind).length,
    );
    assert.deepEqual(seen, [1, 3, 0], 'one decision; a size of 1, 2 and 1; no run of the orchestrator');
  });
});
