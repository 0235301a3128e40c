import assert from 'node:assert/strict';
import { hasPython } from '../../lab/azure/automation/python.ts';
import { ACCOUNT, RUNBOOK_IDENTITY } from './support/azure/model.ts';
import { type PoolOptions, startPool, type TestPool } from './support/azure/pool.ts';
import { until } from './support/quiet-run.ts';

const HOUR_MS = 3_600_000;

describe('the real runbook, as a job of the twin', () => {
  let world: TestPool;

  before(function () {
    if (!hasPython()) this.skip();
  });
  afterEach(() => world?.twin.close());

  async function start(options: PoolOptions = {}): Promise<void> {
    world = await startPool(options);
  }

  it('woken by a node: protects all, marks the emptiest, deletes it once it is empty, and nobody refuses anything', async () => {
    await start({ capacity: 3 });
    world.tellAll();
    const first = await world.woken();
    assert.equal(first.status, 'Completed', first.lines.join('\n'));
    assert.deepEqual(
      world.twin.machines().map(({ protection }) => protection?.protectFromScaleIn),
      [true, true, true],
    );
    assert.deepEqual(world.decided(), ['ebbtide-media_0', 'ebbtide-media_1']);
    assert.deepEqual(
      // They are written side by side.
      world
        .happened('decision')
        .map(({ instance, scaleIn }) => [instance, scaleIn])
        .sort(),
      [
        ['ebbtide-media_0', true],
        ['ebbtide-media_1', true],
      ],
    );
    world.tell('ebbtide-media_2');
    world.empty('ebbtide-media_0');
    world.tell('ebbtide-media_1', { phase: 'draining' });
    await world.woken();
    await until('it is gone', () => world.machines.get('ebbtide-media_0')?.on === false);
    assert.equal(world.machines.get('ebbtide-media_1')?.on, true);
    assert.equal(world.twin.size()?.desired, 2);
    assert.deepEqual(world.twin.refused(), []);
    assert.deepEqual(world.happened('trouble'), []);
    assert.equal(world.happened('invoked').length, 2);
  });

  it('woken by the alert while the load is low, again and again; nobody goes at the minimum', async () => {
    await start({ capacity: 1, alert: true, cpu: () => 5, factor: 600 });
    world.tellAll();
    const jobs = await until('it has run twice', () => world.twin.jobs().length >= 2 && world.twin.jobs());
    assert.deepEqual(
      world.happened('alarm').map(({ to }) => to),
      ['Fired'],
    );
    // Else there are always some that have just begun.
    world.twin.silenceAlerts(true);
    await world.jobsEnded(jobs.length);
    assert.deepEqual(world.decided(), []);
    assert.deepEqual(world.twin.refused(), []);
  });

  it('is not woken by the alert while there is load, and by the schedule all the same', async () => {
    await start({ capacity: 1, alert: true, schedule: true, cpu: () => 45, factor: 3600 });
    world.tellAll();
    const [job] = await until('it has run', () => world.twin.jobs().length > 0 && world.twin.jobs());
    assert.ok(world.twin.now() >= HOUR_MS, 'an hour has passed');
    assert.equal(job?.account, ACCOUNT);
    assert.deepEqual(world.happened('alarm'), []);
    world.twin.silenceSchedules(true);
    await world.jobsEnded(1);
  });

  it('an alert storm: all at once do what one does', async () => {
    await start({ capacity: 4, alert: true });
    world.tellAll();
    world.twin.silenceAlerts(true);
    await Promise.all(Array.from({ length: 6 }, () => world.twin.fireAlert('low')));
    const jobs = await world.jobsEnded(6);
    assert.deepEqual(
      jobs.map(({ status }) => status),
      jobs.map(() => 'Completed'),
    );
    assert.deepEqual(world.decided(), ['ebbtide-media_0', 'ebbtide-media_1']);
    assert.deepEqual(world.twin.refused(), []);
  });

  it('suspended right after its first decision: others leave it the work, and it ends that once it goes on', async () => {
    await start({ capacity: 4 });
    world.tellAll();
    const forget = world.twin.onEvent(({ kind }) => {
      const running = world.twin.jobs().find(({ status }) => status === 'Running');
      if (kind === 'decision' && running !== undefined) world.twin.suspendJob(running);
    });
    assert.equal(await world.wake(), 202);
    const job = await until('it is suspended', () =>
      world.twin.jobs().find(({ status }) => status === 'Suspended'),
    );
    forget();
    assert.equal(await world.wake(), 202);
    const other = await until('another runs', () => world.twin.jobs()[1]);
    await until('it has ended', () => other.endedAt !== undefined);
    assert.match(other.lines.join(), /"busy"/);
    world.twin.resumeJob(job);
    await world.jobsEnded(2);
    assert.equal(job.status, 'Completed', job.lines.join('\n'));
    assert.deepEqual(world.decided(), ['ebbtide-media_0', 'ebbtide-media_1']);
  });

  it('without its roles as yet: fails, tells it, changes nothing, and the next one does its work', async () => {
    await start({ capacity: 3 });
    world.tellAll();
    world.twin.withholdRoles([RUNBOOK_IDENTITY.principalId]);
    const early = await world.woken();
    assert.equal(early.status, 'Failed');
    assert.match(early.lines.join('\n'), /AuthorizationPermissionMismatch.*takes minutes/);
    world.twin.withholdRoles(undefined);
    assert.equal((await world.woken()).status, 'Completed');
    assert.deepEqual(world.twin.refused(), []);
  });

  it('protects again what lost its protection, and misses nobody whom a person deletes', async () => {
    await start({ capacity: 3 });
    world.tellAll();
    await world.woken();
    world.twin.loseProtection('ebbtide-media_2');
    world.empty('ebbtide-media_0');
    world.twin.deleteInstance('ebbtide-media_1');
    const job = await world.woken();
    assert.equal(job.status, 'Completed', job.lines.join('\n'));
    const instance = world.twin.machines().find(({ name }) => name === 'ebbtide-media_2');
    assert.equal(instance?.protection?.protectFromScaleIn, true);
    await until('both are gone', () => world.twin.instances().filter(({ running }) => running).length === 1);
    assert.deepEqual(world.twin.leaked(), []);
  });

  it('comes through throttling and failures on its way', async () => {
    await start({ capacity: 3 });
    world.tellAll();
    world.twin.faults.add({
      service: 'arm',
      action: 'VirtualMachineScaleSetVMs_List',
      times: 2,
      kind: 'throttle',
    });
    world.twin.faults.add({ service: 'blob', action: 'ListBlobs', times: 2, kind: 'throttle' });
    world.twin.faults.add({ service: 'blob', action: 'LeaseBlob', times: 1, kind: 'error' });
    world.twin.faults.add({ service: 'identity', times: 2, kind: 'error' });
    const job = await world.woken();
    assert.equal(job.status, 'Completed', job.lines.join('\n'));
  });

  it('is woken by nobody who does not know the address, and by nobody while it refuses', async () => {
    await start();
    const { text } = await world.blob('node', 'GET', 'secrets/wake-url');
    const guess = await fetch(text.replace('sig=secret', 'sig=guess'), { method: 'POST' });
    assert.equal(guess.status, 401);
    world.twin.faults.add({ service: 'workflow', times: 1, kind: 'throttle' });
    assert.equal(await world.wake(), 429);
    assert.equal(world.twin.jobs().length, 0);
  });

  it('the control run runs none of it', async () => {
    await start({ alert: true, schedule: true, mode: 'control', factor: 3600 });
    await until('two hours pass', () => world.twin.now() > 2 * HOUR_MS);
    assert.equal(world.twin.jobs().length, 0);
  });
});
