import assert from 'node:assert/strict';
import { NO_WORK, type NodeStatus } from '../../fleet/status.ts';
import type { Job } from '../../lab/azure/automation/job.ts';
import type { AzureModel } from '../../lab/azure/model.ts';
import { hasPython } from '../support/python.ts';
import { ACCOUNT, type ModelOptions, poolModel, RUNBOOK_IDENTITY, STORE } from './support/azure/model.ts';
import { startTwin, type TestTwin, type TestTwinOptions, until } from './support/azure/twin.ts';

const HOUR_MS = 3_600_000;

describe('the real runbook, as a job of the twin', function () {
  this.timeout(40_000);
  let model: AzureModel;
  let world: TestTwin;

  before(function () {
    if (!hasPython()) this.skip();
  });
  afterEach(() => world?.twin.close());

  interface StartOptions extends ModelOptions, TestTwinOptions {
    alert?: boolean;
    schedule?: boolean;
  }

  /** Only what is asked for wakes it. */
  async function start({
    alert = false,
    schedule = false,
    settings,
    ...options
  }: StartOptions = {}): Promise<void> {
    const whole = await poolModel({ ...options, ...(settings && { settings }) });
    model = { ...whole, ...(alert ? {} : { alerts: [] }), ...(schedule ? {} : { jobSchedules: [] }) };
    world = await startTwin(model, { factor: 60, ...options });
    await until('all serve', () => serving().length === model.scaleSets[0]?.capacity);
  }
  const serving = () =>
    world.twin.instances().flatMap(({ id, standing }) => (standing === 'serving' ? [id] : []));

  const at = (msAgo: number) => new Date(Date.now() - msAgo).toISOString();

  function tell(name: string, changed: Partial<NodeStatus> = {}): void {
    const instance = world.twin.machines().find((each) => each.name === name);
    const status: NodeStatus = {
      v: 1,
      node: name,
      machine: instance?.vmId ?? '',
      pool: 'media',
      cloud: 'azure',
      zone: instance?.zone ?? '',
      address: '10.0.0.1',
      software: { agent: '1.0.0' },
      phase: 'serving',
      since: at(HOUR_MS),
      at: at(0),
      bootedAt: at(2 * HOUR_MS),
      work: { ...NO_WORK, rooms: Number(instance?.id), people: 2 },
      capacity: null,
      load: null,
      cpu: 0.05,
      protected: false,
      media: [],
      ...changed,
    };
    world.twin.putObject(STORE, `statuses/${name}.json`, JSON.stringify(status));
  }
  const tellAll = () => {
    for (const name of serving()) tell(name);
  };
  function decisionOf(
    name: string,
  ): { id: string; by: string; cause: 'scale-in'; intent: 'leave'; at: string } | undefined {
    const body = world.twin.object(STORE, `decisions/${name}.json`);
    return body === undefined ? undefined : JSON.parse(body);
  }
  const decided = () =>
    world.twin
      .keys(STORE)
      .flatMap((key) =>
        key.startsWith('decisions/') ? [key.slice('decisions/'.length, -'.json'.length)] : [],
      );
  function empty(name: string): void {
    const said = decisionOf(name);
    assert.ok(said);
    const { id, by, cause, intent } = said;
    tell(name, { phase: 'empty', work: NO_WORK, decision: { id, by, cause, intent, at: said.at } });
  }
  /** As a node does it: it knows the address from a blob of its own container. */
  async function wake(): Promise<number> {
    const { text } = await world.blob('node', 'GET', 'secrets/wake-url');
    const answer = await fetch(text, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    return answer.status;
  }
  const jobsEnded = (count: number) =>
    until(
      `${count} jobs have ended`,
      () => {
        const jobs = world.twin.jobs();
        return jobs.length >= count && jobs.every(({ endedAt }) => endedAt !== undefined) && jobs;
      },
      20_000,
    );
  async function woken(): Promise<Job> {
    const before = world.twin.jobs().length;
    assert.equal(await wake(), 202);
    const job = (await jobsEnded(before + 1)).at(-1);
    assert.ok(job);
    return job;
  }

  it('woken by a node: protects all, marks the emptiest, deletes it once it is empty, and nobody refuses anything', async () => {
    await start({ capacity: 3 });
    tellAll();
    const first = await woken();
    assert.equal(first.status, 'Completed', first.lines.join('\n'));
    assert.deepEqual(
      world.twin.machines().map(({ protection }) => protection?.protectFromScaleIn),
      [true, true, true],
    );
    // The memory begins with that run: from now on fewer are enough.
    tellAll();
    await woken();
    assert.deepEqual(decided(), ['ebbtide-media_0', 'ebbtide-media_1']);
    assert.deepEqual(
      world.happened('decision').map(({ instance, scaleIn }) => [instance, scaleIn]),
      [
        ['ebbtide-media_0', true],
        ['ebbtide-media_1', true],
      ],
    );
    tell('ebbtide-media_2');
    empty('ebbtide-media_0');
    tell('ebbtide-media_1', { phase: 'draining' });
    await woken();
    assert.equal(world.machines.get('ebbtide-media_0')?.on, false);
    assert.equal(world.machines.get('ebbtide-media_1')?.on, true);
    assert.equal(world.twin.size()?.desired, 2);
    assert.deepEqual(world.twin.refused(), []);
    assert.deepEqual(world.happened('trouble'), []);
    assert.equal(world.happened('invoked').length, 3);
  });

  it('woken by the alert while the load is low, again and again; nobody goes at the minimum', async () => {
    await start({ capacity: 1, alert: true, cpu: () => 5, factor: 600 });
    tellAll();
    const jobs = await until('it has run twice', () => world.twin.jobs().length >= 2 && world.twin.jobs());
    assert.deepEqual(
      world.happened('alarm').map(({ to }) => to),
      ['Fired'],
    );
    await jobsEnded(jobs.length);
    assert.deepEqual(decided(), []);
    assert.deepEqual(world.twin.refused(), []);
  });

  it('is not woken by the alert while there is load, and by the schedule all the same', async () => {
    await start({ capacity: 1, alert: true, schedule: true, cpu: () => 45, factor: 3600 });
    tellAll();
    const [job] = await until('it has run', () => world.twin.jobs().length > 0 && world.twin.jobs());
    assert.ok(world.twin.now() >= HOUR_MS, 'an hour has passed');
    assert.equal(job?.account, ACCOUNT);
    assert.deepEqual(world.happened('alarm'), []);
    await jobsEnded(1);
  });

  it('an alert storm: all at once do what one does', async () => {
    await start({ capacity: 4, alert: true, settings: { lockWaitMs: 20_000 } });
    tellAll();
    world.twin.silenceAlerts(true);
    await woken();
    tellAll();
    await Promise.all(Array.from({ length: 6 }, () => world.twin.fireAlert('low')));
    const jobs = await jobsEnded(7);
    assert.deepEqual(
      jobs.map(({ status }) => status),
      jobs.map(() => 'Completed'),
    );
    assert.deepEqual(decided(), ['ebbtide-media_0', 'ebbtide-media_1']);
    assert.deepEqual(world.twin.refused(), []);
  });

  it('suspended right after its first decision: others leave it the work, and it ends that once it goes on', async () => {
    await start({ capacity: 4, settings: { lockWaitMs: 1000 } });
    tellAll();
    await woken();
    tellAll();
    const forget = world.twin.onEvent(({ kind }) => {
      const running = world.twin.jobs().find(({ status }) => status === 'Running');
      if (kind === 'decision' && running !== undefined) world.twin.suspendJob(running);
    });
    assert.equal(await wake(), 202);
    const job = await until('it is suspended', () =>
      world.twin.jobs().find(({ status }) => status === 'Suspended'),
    );
    forget();
    assert.equal(await wake(), 202);
    const other = await until('another runs', () => world.twin.jobs()[2]);
    await until('it has ended', () => other.endedAt !== undefined);
    assert.match(other.lines.join(), /"busy"/);
    world.twin.resumeJob(job);
    await jobsEnded(3);
    assert.equal(job.status, 'Completed', job.lines.join('\n'));
    assert.deepEqual(decided(), ['ebbtide-media_0', 'ebbtide-media_1']);
  });

  it('without its roles as yet: fails, tells it, changes nothing, and the next one does its work', async () => {
    await start({ capacity: 3 });
    tellAll();
    world.twin.withholdRoles([RUNBOOK_IDENTITY.principalId]);
    const early = await woken();
    assert.equal(early.status, 'Failed');
    assert.match(early.lines.join('\n'), /AuthorizationPermissionMismatch.*takes minutes/);
    world.twin.withholdRoles(undefined);
    assert.equal((await woken()).status, 'Completed');
    assert.deepEqual(world.twin.refused(), []);
  });

  it('protects again what lost its protection, and misses nobody whom a person deletes', async () => {
    await start({ capacity: 3 });
    tellAll();
    await woken();
    tellAll();
    await woken();
    world.twin.loseProtection('ebbtide-media_2');
    empty('ebbtide-media_0');
    world.twin.deleteInstance('ebbtide-media_1');
    const job = await woken();
    assert.equal(job.status, 'Completed', job.lines.join('\n'));
    const instance = world.twin.machines().find(({ name }) => name === 'ebbtide-media_2');
    assert.equal(instance?.protection?.protectFromScaleIn, true);
    await until('both are gone', () => world.twin.instances().filter(({ running }) => running).length === 1);
    assert.deepEqual(world.twin.leaked(), []);
  });

  it('comes through throttling and failures on its way', async () => {
    await start({ capacity: 3 });
    tellAll();
    world.twin.faults.add({
      service: 'arm',
      action: 'VirtualMachineScaleSetVMs_List',
      times: 2,
      kind: 'throttle',
    });
    world.twin.faults.add({ service: 'blob', action: 'ListBlobs', times: 2, kind: 'throttle' });
    world.twin.faults.add({ service: 'blob', action: 'LeaseBlob', times: 1, kind: 'error' });
    world.twin.faults.add({ service: 'identity', times: 2, kind: 'error' });
    const job = await woken();
    assert.equal(job.status, 'Completed', job.lines.join('\n'));
  });

  it('is woken by nobody who does not know the address, and by nobody while it refuses', async () => {
    await start();
    const { text } = await world.blob('node', 'GET', 'secrets/wake-url');
    const guess = await fetch(text.replace('sig=secret', 'sig=guess'), { method: 'POST' });
    assert.equal(guess.status, 401);
    world.twin.faults.add({ service: 'workflow', times: 1, kind: 'throttle' });
    assert.equal(await wake(), 429);
    assert.equal(world.twin.jobs().length, 0);
  });

  it('the control run runs none of it', async () => {
    await start({ alert: true, schedule: true, mode: 'control', factor: 3600 });
    await until('two hours pass', () => world.twin.now() > 2 * HOUR_MS);
    assert.equal(world.twin.jobs().length, 0);
  });
});
