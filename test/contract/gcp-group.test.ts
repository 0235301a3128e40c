import assert from 'node:assert/strict';
import { createRealClock } from '../../fleet/clock.ts';
import { GcpError } from '../../fleet/gcp/client.ts';
import { type Compute, createCompute } from '../../fleet/gcp/compute.ts';
import type { TwinEvent } from '../../lab/cloud/events.ts';
import type { Applied } from '../../lab/gcp/apply.ts';
import {
  applyPool,
  GROUP,
  PROJECT,
  REGION,
  startTwin,
  type TestTwin,
  type TestTwinOptions,
} from './support/gcp/twin.ts';
import { ofKind, servingIn, until } from './support/quiet-run.ts';

describe('the twin managed instance group', () => {
  let applied: Applied;
  let world: TestTwin;
  let compute: Compute;

  before(async () => {
    const whole = await applyPool();
    // The test is the pruner: nothing else decides.
    applied = { ...whole, model: { ...whole.model, jobs: [] } };
  });

  afterEach(() => world?.twin.close());

  async function start(options: TestTwinOptions = {}): Promise<void> {
    world = await startTwin(applied, { factor: 120, ...options });
    compute = createCompute({
      client: world.client('pruner'),
      clock: createRealClock(),
      project: PROJECT,
      region: REGION,
      pool: 'media',
      group: GROUP,
      autoscaler: GROUP,
    });
  }

  const serving = () => servingIn(world.twin);
  const servingAre = (count: number) =>
    until(`${count} serve`, () => serving().length === count && serving());
  const named = (name: string) => world.twin.machines().filter((each) => each.name === name);

  function happened<Kind extends TwinEvent['kind']>(kind: Kind): Extract<TwinEvent, { kind: Kind }>[] {
    return ofKind(world.events, kind);
  }

  it('begins with the minimum, and grows to what is recommended, over its zones', async () => {
    await start();
    await servingAre(1);
    world.twin.setDesiredCapacity(3);
    const names = await servingAre(3);
    for (const name of names) assert.match(name, /^ebbtide-media-[a-z0-9]{4}$/);
    assert.deepEqual(
      world.twin.instances().map(({ zone }) => zone),
      ['europe-west1-b', 'europe-west1-c', 'europe-west1-d'],
    );
  });

  it('shrinks by nobody but who takes a machine out, and does not replace it', async () => {
    await start();
    world.twin.setDesiredCapacity(3);
    const [first = ''] = await servingAre(3);
    world.twin.setDesiredCapacity(1);
    const [instance] = (await compute.listInstances()).filter(({ name }) => name === first);
    assert.ok(instance);
    await compute.follow(await compute.abandon([instance]));
    assert.equal(world.twin.size()?.desired, 2);
    await until('it has left the list', () => named(first)[0]?.action === undefined);
    assert.equal((await compute.listManaged()).length, 2);
    assert.equal((await compute.listInstances()).length, 3, 'it runs on');
    assert.deepEqual(world.twin.leaked(), [first], 'until somebody has decided about it');
    world.twin.putObject(world.bucket, `decisions/${first}.json`, decision(first, instance.id));
    assert.deepEqual(world.twin.leaked(), []);
    assert.deepEqual(
      happened('decision').map(({ instance: who, scaleIn }) => ({ who, scaleIn })),
      [{ who: first, scaleIn: true }],
    );
    const deleting = await compute.delete(instance);
    assert.ok(deleting);
    await compute.follow(deleting);
    assert.equal(world.machines.get(first)?.on, false);
    assert.equal(serving().length, 2, 'nothing is launched in its place');
    assert.deepEqual(world.twin.refused(), []);
  });

  it('takes a decision for another machine of that name for none about this one', async () => {
    await start();
    const [name = ''] = await servingAre(1);
    world.twin.putObject(world.bucket, `decisions/${name}.json`, decision(name, '42'));
    assert.deepEqual(happened('decision'), []);
  });

  it('abandons all that are named, or none', async () => {
    await start();
    world.twin.setDesiredCapacity(2);
    await servingAre(2);
    const [instance] = await compute.listInstances();
    assert.ok(instance);
    const stranger = { name: 'ebbtide-media-none', zone: instance.zone };
    await assert.rejects(
      compute.abandon([instance, stranger]),
      (error) => error instanceof GcpError && error.reason === 'invalid',
    );
    assert.equal(world.twin.size()?.desired, 2);
  });

  it('gives lists of more than one page to their end', async () => {
    await start({ pageSize: 1 });
    world.twin.setDesiredCapacity(3);
    await servingAre(3);
    assert.equal((await compute.listManaged()).length, 3);
    assert.equal((await compute.listInstances()).length, 3);
  });

  it('makes a machine anew under its name, with another id', async () => {
    await start();
    const [name = ''] = await servingAre(1);
    world.twin.repair(name);
    await until('there is another', () => named(name).length === 2);
    const [before, after] = named(name);
    assert.notEqual(before?.id, after?.id);
    assert.equal(before?.zone, after?.zone);
    await servingAre(1);
    assert.deepEqual(
      happened('decision').map(({ scaleIn }) => scaleIn),
      [false],
    );
  });

  it('repairs what has died, and leaves what was taken out of it', async () => {
    await start();
    world.twin.setDesiredCapacity(2);
    const [dead = '', out = ''] = await servingAre(2);
    world.twin.abandon(out);
    await until('it is out', () => named(out)[0]?.action === undefined);
    await Promise.all([world.twin.crash(dead), world.twin.crash(out)]);
    await until('the one is made anew', () => named(dead).length === 2);
    assert.equal(named(out).length, 1);
    assert.deepEqual(world.twin.leaked(), []);
  });

  it('takes a spot machine back half a minute after it has said so', async () => {
    await start();
    const [name = ''] = await servingAre(1);
    world.twin.preempt(name);
    assert.equal(named(name)[0]?.preempted, true);
    await until('the machine is off', () => named(name)[0]?.stoppedAt !== undefined);
    await until('another comes', () => named(name).length === 2);
  });

  it('fails an operation that was begun, where it is told to', async () => {
    await start();
    await servingAre(1);
    const [instance] = await compute.listInstances();
    assert.ok(instance);
    world.twin.faults.add({ service: 'operations', action: 'instances.delete', times: 1, kind: 'error' });
    const deleting = await compute.delete(instance);
    assert.ok(deleting);
    await assert.rejects(compute.follow(deleting), /QUOTA|Quota/);
    assert.equal(world.machines.get(instance.name)?.on, true);
    world.twin.faults.add({
      service: 'compute',
      action: 'instances.aggregatedList',
      times: 1,
      kind: 'throttle',
    });
    await assert.rejects(compute.listInstances(), /rateLimitExceeded/);
  });

  it('recommends what the load of ten minutes asked for at most', async () => {
    let cpu = 90;
    await start({ factor: 120, cpu: () => cpu });
    await servingAre(4);
    cpu = 5;
    const highSince = world.twin.now();
    await until('a dip of five minutes is over', () => world.twin.now() > highSince + 300_000);
    assert.equal((await compute.readAutoscaler()).recommendedSize, 4);
    await until('ten minutes are', () => world.twin.now() > highSince + 700_000);
    assert.equal((await compute.readAutoscaler()).recommendedSize, 1);
    assert.equal(world.twin.size()?.desired, 4, 'it grows only');
  });

  it('lets nobody but the pruner at machines, and the pruner at its own only', async () => {
    await start();
    const [name = ''] = await servingAre(1);
    const zone = named(name)[0]?.zone ?? '';
    const remove = (who: 'node' | 'pruner', instance: string) =>
      world.client(who, name).send({
        service: 'compute',
        method: 'DELETE',
        path: `/compute/v1/projects/${PROJECT}/zones/${zone}/instances/${instance}`,
      });
    await assert.rejects(remove('node', name), /forbidden/);
    await assert.rejects(remove('pruner', 'database-1'), /forbidden/);
    await assert.rejects(remove('pruner', 'ebbtide-media-2-abcd'), /forbidden/, 'of another pool');
    assert.deepEqual(
      world.twin.refused().map(({ action }) => action),
      Array(3).fill('compute.instances.delete'),
    );
  });

  it('as the control takes machines away by itself, within 90 seconds, and runs no function', async () => {
    await start({ mode: 'control' });
    world.twin.setDesiredCapacity(3);
    await servingAre(3);
    world.twin.setDesiredCapacity(1);
    await until('two are off', () => [...world.machines.values()].filter(({ on }) => !on).length === 2);
    assert.equal(
      [...world.machines.values()].every(({ spec }) => !spec.runsAgent),
      true,
    );
    assert.deepEqual(
      happened('decision').map(({ scaleIn }) => scaleIn),
      [true, true],
    );
    assert.deepEqual(happened('invoked'), []);
    assert.deepEqual(world.twin.leaked(), []);
  });
});

function decision(node: string, machine: string): string {
  return JSON.stringify({
    v: 1,
    id: 'd-1',
    node,
    machine,
    pool: 'media',
    at: '2026-01-01T00:00:00.000Z',
    by: 'pruner',
    cause: 'scale-in',
    intent: 'leave',
    reason: 'test',
  });
}
