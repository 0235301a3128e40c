import assert from 'node:assert/strict';
import { tokenFromMetadata } from '../../fleet/gcp/access-token.ts';
import { createGcpClient } from '../../fleet/gcp/client.ts';
import { createMetadata } from '../../fleet/gcp/metadata.ts';
import { createStorageStore } from '../../fleet/gcp/storage-store.ts';
import type { Applied } from '../../lab/gcp/apply.ts';
import { applyPool, startTwin, type TestTwin } from './support/gcp/twin.ts';
import { until } from './support/quiet-run.ts';

describe('the twin Google Cloud of one machine', () => {
  let applied: Applied;
  let world: TestTwin;
  let host: string;
  let name: string;

  before(async () => {
    const whole = await applyPool();
    applied = { ...whole, model: { ...whole.model, jobs: [] } };
  });

  beforeEach(async () => {
    world = await startTwin(applied, { factor: 600 });
    const spec = await until('there is a machine', () => [...world.machines.values()][0]?.spec);
    host = spec.environment.GCE_METADATA_HOST ?? '';
    name = spec.instanceId;
  });

  afterEach(() => world.twin.close());

  const metadata = () => createMetadata({ environment: { GCE_METADATA_HOST: host }, timeoutMs: 5_000 });
  const text = async (path: string) => {
    const reading = await metadata().read(path);
    return reading.kind === 'found' ? reading.text : reading.kind;
  };
  const raw = (path: string, headers: Record<string, string> = { 'metadata-flavor': 'Google' }) =>
    fetch(`http://${host}/computeMetadata/v1/${path}`, { headers, redirect: 'manual' });

  it('tells it who and where it is', async () => {
    const [machine] = world.twin.machines();
    assert.equal(await text('instance/name'), name);
    assert.equal(await text('instance/id'), machine?.id);
    assert.equal(await text('instance/zone'), `projects/123456789012/zones/${machine?.zone}`);
    assert.equal(await text('instance/preempted'), 'FALSE');
    assert.equal(await text('instance/maintenance-event'), 'NONE');
    assert.match(await text('instance/attributes/created-by'), /\/instanceGroupManagers\/ebbtide-media$/);
    assert.match(await text('instance/attributes/startup-script'), /^#!/);
    assert.equal(await text('project/project-id'), 'my-project');
  });

  it('tells nothing without the header, or through a proxy', async () => {
    assert.equal((await raw('instance/name', {})).status, 403);
    const through = { 'metadata-flavor': 'Google', 'x-forwarded-for': '10.0.0.1' };
    assert.equal((await raw('instance/name', through)).status, 403);
    assert.equal((await raw('instance/attributes')).status, 301);
    assert.match(await (await raw('instance/')).text(), /^attributes\/$/m);
  });

  it('waits until a value is another, and no longer than it is told', async () => {
    const before = await metadata().read('instance/preempted');
    assert.equal(before.kind, 'found');
    const lastEtag = before.kind === 'found' ? before.etag : '';
    const waited = metadata().read('instance/preempted', { change: { lastEtag, waitMs: 5000 } });
    world.twin.preempt(name);
    assert.deepEqual({ ...(await waited), etag: '' }, { kind: 'found', text: 'TRUE', etag: '' });
    const now = await metadata().read('instance/maintenance-event');
    const begun = Date.now();
    const change = { lastEtag: now.kind === 'found' ? now.etag : '', waitMs: 1000 };
    const unchanged = await metadata().read('instance/maintenance-event', { change });
    assert.equal(unchanged.kind === 'found' && unchanged.text, 'NONE');
    assert.ok(Date.now() - begun >= 990);
  });

  it('says at once that a key is not there, however long one would wait; a directory can be waited for', async () => {
    const change = { lastEtag: '0', waitMs: 30_000 };
    assert.equal((await metadata().read('instance/attributes/ebbtide-protected', { change })).kind, 'absent');
    const directory = await metadata().read('instance/attributes/', { recursive: true });
    const lastEtag = directory.kind === 'found' ? directory.etag : '';
    const waited = metadata().read('instance/attributes/', {
      recursive: true,
      change: { lastEtag, waitMs: 5000 },
    });
    world.twin.setMetadata(name, 'ebbtide-protected', 'true');
    const after = await waited;
    assert.equal(after.kind === 'found' && JSON.parse(after.text)['ebbtide-protected'], 'true');
  });

  it('gives tokens that Google takes', async () => {
    const client = createGcpClient({
      token: tokenFromMetadata(metadata()),
      environment: world.twin.environment(),
      timeoutMs: 5_000,
    });
    const store = createStorageStore({ client, bucket: world.bucket });
    await store.put(`statuses/${name}.json`, '{}');
    assert.equal(await store.get(`decisions/${name}.json`), undefined);
    assert.deepEqual(world.twin.refused(), []);
    await assert.rejects(store.put(`decisions/${name}.json`, '{}'), /forbidden/);
    await assert.rejects(store.get('memory/pruner.json'), /forbidden/);
    assert.equal(world.twin.refused().length, 2);
  });

  it('takes one write a second of one object, and keeps to what is expected of it', async () => {
    const store = createStorageStore({ client: world.client('operator'), bucket: world.bucket });
    await store.put('memory/a.json', '1');
    await assert.rejects(store.put('memory/a.json', '2'), /rateLimitExceeded/);
    await store.put('memory/b.json', '2');
    const path = `/upload/storage/v1/b/${world.bucket}/o`;
    const send = (query: Record<string, string>) =>
      world.client('operator').send({
        service: 'storage',
        method: 'POST',
        path,
        query: { uploadType: 'media', ...query },
        body: '3',
      });
    await assert.rejects(send({ name: 'memory/b.json', ifGenerationMatch: '0' }), /conditionNotMet/);
    await send({ name: 'memory/c.json', ifGenerationMatch: '0' });
  });

  it('can be told to fail', async () => {
    world.twin.faults.add({ service: 'metadata', action: 'instance/name', times: 1, kind: 'error' });
    world.twin.faults.add({ service: 'metadata', action: 'instance/name', times: 1, kind: 'garbage' });
    assert.equal(await text('instance/name'), 'unknown');
    assert.equal(await text('instance/name'), 'unknown');
    assert.equal(await text('instance/name'), name);
  });

  it('runs the function for who shows who it is, and for nobody else', async () => {
    const [fn] = applied.model.functions;
    const url = fn?.url ?? '';
    const identity = await metadata().read('instance/service-accounts/default/identity', {
      parameters: { audience: url },
    });
    const token = identity.kind === 'found' ? identity.text : '';
    const post = (authorization: string) =>
      fetch(`${url}/?dryRun=1`, { method: 'POST', headers: { authorization } });
    assert.equal((await post(`Bearer ${token}`)).status, 200);
    assert.deepEqual(world.twin.refused(), []);
    assert.equal((await post('Bearer made-up')).status, 401);
    const stranger = world.twin.identityOf('stranger@example.com', url);
    assert.equal((await post(`Bearer ${stranger}`)).status, 403);
    const elsewhere = world.twin.identityOf(fn?.serviceAccount ?? '', 'https://elsewhere.example');
    assert.equal((await post(`Bearer ${elsewhere}`)).status, 401);
    assert.equal(world.twin.refused().length, 3);
    assert.equal(world.events.filter(({ kind }) => kind === 'invoked').length, 1);
  });
});

describe('the schedule of the twin Google Cloud', () => {
  it('wakes the pruner each of the cloud’s minutes, unless it is silent', async () => {
    const world = await startTwin(await applyPool(), { factor: 60 });
    try {
      const invoked = () => world.events.filter(({ kind }) => kind === 'invoked').length;
      await until('it was woken twice', () => invoked() >= 2);
      assert.deepEqual(world.twin.refused(), []);
      assert.deepEqual(
        world.events.filter(({ kind }) => kind === 'trouble' || kind === 'invocation-failed'),
        [],
      );
    } finally {
      await world.twin.close();
    }
  });
});
