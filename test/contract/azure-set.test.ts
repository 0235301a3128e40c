import assert from 'node:assert/strict';
import type { ModelOptions } from './support/azure/model.ts';
import { poolModel, SET, STORE } from './support/azure/model.ts';
import { startTwin, type TestTwin, type TestTwinOptions } from './support/azure/twin.ts';
import { servingIn, until } from './support/quiet-run.ts';

const VMS = `${SET}/virtualMachines`;

describe('the twin scale set', () => {
  let world: TestTwin;

  afterEach(() => world?.twin.close());

  /** The test is the runbook: nothing else wakes it, unless asked for. */
  async function start(options: ModelOptions = {}, run: TestTwinOptions = {}): Promise<void> {
    const model = await poolModel(options);
    world = await startTwin({ ...model, alerts: [], jobSchedules: [] }, { factor: 120, ...run });
  }
  const serving = () => servingIn(world.twin);
  const servingAre = (count: number) =>
    until(`${count} serve`, () => serving().length === count && serving());
  const named = (name: string) => world.twin.machines().find((each) => each.name === name);
  const protectAll = () =>
    Promise.all(
      world.twin.machines().map(({ id }) =>
        world.arm('runbook', 'PUT', `${VMS}/${id}`, {
          body: { location: 'westeurope', properties: { protectionPolicy: { protectFromScaleIn: true } } },
        }),
      ),
    );
  /** Follows what was begun to its end. */
  async function end(answer: { status: number; headers: Record<string, unknown> }): Promise<unknown> {
    assert.equal(answer.status, 202);
    const url = String(answer.headers['azure-asyncoperation']);
    for (;;) {
      const { json } = await world.arm('runbook', 'GET', url);
      const status = Reflect.get(Object(json), 'status');
      if (status !== 'InProgress') return status;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  it('begins with its capacity, over its zones, unprotected', async () => {
    await start({ capacity: 3, max: 4 });
    assert.deepEqual(await servingAre(3), ['ebbtide-media_0', 'ebbtide-media_1', 'ebbtide-media_2']);
    assert.deepEqual(
      world.twin.instances().map(({ zone }) => zone),
      ['1', '2', '3'],
    );
    assert.equal(named('ebbtide-media_0')?.protection, undefined);
  });

  it('gives lists of more than one page to their end, and views where they are asked for', async () => {
    await start({ capacity: 3 }, { pageSize: 2 });
    await servingAre(3);
    const first = await world.arm('runbook', 'GET', `${VMS}?$expand=instanceView`);
    const { value, nextLink } = first.json as { value: unknown[]; nextLink: string };
    assert.equal(value.length, 2);
    assert.match(JSON.stringify(value), /PowerState\/running/);
    const second = await world.arm('runbook', 'GET', nextLink);
    assert.match(second.text, /ebbtide-media_2/);
    assert.match(second.text, /PowerState/);
    assert.doesNotMatch(second.text, /nextLink/);
    assert.doesNotMatch((await world.arm('runbook', 'GET', `${VMS}/0`)).text, /PowerState/);
  });

  it('takes away those that nobody protects, of the fullest zone the newest, and none that is protected', async () => {
    await start({ capacity: 4 });
    await servingAre(4);
    world.twin.setDesiredCapacity(3);
    await until('it is off', () => !world.machines.get('ebbtide-media_3')?.on);
    assert.equal(world.twin.size()?.desired, 3);
    await Promise.all((await protectAll()).slice(0, 3).map(end));
    assert.throws(() => world.twin.setDesiredCapacity(1), /every instance of it is protected/);
    assert.equal(world.twin.size()?.desired, 3);
    assert.deepEqual(
      world.happened('decision').map(({ instance, scaleIn }) => [instance, scaleIn]),
      [['ebbtide-media_3', true]],
    );
  });

  it('keeps protection as it is written, and takes a change of another for a conflict', async () => {
    await start();
    await servingAre(1);
    const { headers } = await world.arm('runbook', 'GET', `${VMS}/0`);
    world.twin.setTag('ebbtide-media_0', 'theirs', 'stays');
    const body = { location: 'westeurope', properties: { protectionPolicy: { protectFromScaleIn: true } } };
    const stale = { 'if-match': String(headers.etag) };
    assert.equal((await world.arm('runbook', 'PUT', `${VMS}/0`, { headers: stale, body })).status, 412);
    const { tags } = named('ebbtide-media_0') ?? {};
    assert.equal(
      await end(await world.arm('runbook', 'PUT', `${VMS}/0`, { body: { ...body, tags } })),
      'Succeeded',
    );
    assert.deepEqual(named('ebbtide-media_0')?.protection, { protectFromScaleIn: true });
    assert.equal(named('ebbtide-media_0')?.tags.theirs, 'stays');
    assert.equal((await world.arm('runbook', 'PUT', `${VMS}/0`, { body: { properties: {} } })).status, 400);
    assert.equal(world.twin.refused().length, 1, 'a request that is not as it must be fails a run');
  });

  it('deletes what is protected too, replaces nothing, and says afterwards that it is gone', async () => {
    await start({ capacity: 2 });
    await servingAre(2);
    await Promise.all((await protectAll()).map(end));
    world.twin.putObject(STORE, 'decisions/ebbtide-media_1.json', decision('ebbtide-media_1'));
    assert.equal(world.twin.instances()[1]?.standing, 'draining');
    const deleting = await world.arm('runbook', 'DELETE', `${VMS}/1`);
    assert.equal(named('ebbtide-media_1')?.provisioning, 'Deleting');
    assert.equal(await end(deleting), 'Succeeded');
    assert.equal(world.twin.size()?.desired, 1);
    assert.equal((await world.arm('runbook', 'DELETE', `${VMS}/1`)).status, 204);
    assert.equal((await world.arm('runbook', 'GET', `${VMS}/1`)).status, 404);
    assert.equal(world.twin.instances().length, 2, 'nothing is launched in its place');
    assert.deepEqual(world.twin.refused(), []);
    assert.deepEqual(world.twin.leaked(), []);
    assert.deepEqual(
      world.happened('decision').map(({ instance, scaleIn }) => [instance, scaleIn]),
      [['ebbtide-media_1', true]],
    );
  });

  it('takes a decision for another machine of that name for none about this one', async () => {
    await start();
    await servingAre(1);
    world.twin.putObject(STORE, 'decisions/ebbtide-media_0.json', decision('ebbtide-media_0', 'another'));
    assert.deepEqual(world.happened('decision'), []);
  });

  it('fails in the background where it is told so', async () => {
    await start();
    await servingAre(1);
    world.twin.faults.add({
      service: 'operations',
      action: 'VirtualMachineScaleSetVMs_Delete',
      times: 1,
      kind: 'error',
    });
    assert.equal(await end(await world.arm('runbook', 'DELETE', `${VMS}/0`)), 'Failed');
    assert.deepEqual(serving(), ['ebbtide-media_0']);
    world.twin.faults.add({ service: 'arm', times: 1, kind: 'throttle' });
    const throttled = await world.arm('runbook', 'GET', VMS);
    assert.equal(throttled.status, 429);
    assert.equal(throttled.headers['retry-after'], '1');
  });

  it('lets nobody do what no role gives: nodes nothing at all, the runbook nothing of the set itself', async () => {
    await start();
    await servingAre(1);
    const answers = [
      await world.arm('node', 'GET', VMS),
      await world.arm('node', 'DELETE', `${VMS}/0`),
      await world.arm('runbook', 'GET', SET.replace('ebbtide-media', 'another')),
    ];
    assert.deepEqual(
      answers.map(({ status, json }) => [status, Reflect.get(Object(json), 'error').code]),
      answers.map(() => [403, 'AuthorizationFailed']),
    );
    assert.equal(world.twin.refused().length, 3);
    assert.equal((await world.arm('runbook', 'GET', SET)).status, 200);
  });

  it('has heard of no role while it is withheld, and holds that against nobody', async () => {
    await start();
    await servingAre(1);
    const { principalId = '' } = (await poolModel()).automationAccounts[0]?.identities[0] ?? {};
    world.twin.withholdRoles([principalId]);
    assert.equal((await world.arm('runbook', 'GET', VMS)).status, 403);
    world.twin.withholdRoles(undefined);
    assert.equal((await world.arm('runbook', 'GET', VMS)).status, 200);
    assert.deepEqual(world.twin.refused(), []);
  });

  describe('autoscale', () => {
    it('grows the set by its rule, up to its maximum, with its cool-down between, and shrinks nothing', async () => {
      let percent = 80;
      await start({ max: 3 }, { factor: 600, cpu: () => percent });
      await servingAre(3);
      const grown = world.happened('desired').map(({ cloudMs }) => cloudMs);
      assert.ok((grown[1] ?? 0) - (grown[0] ?? 0) >= 119_000, String(grown));
      percent = 1;
      const since = world.twin.now();
      await until('ten minutes pass', () => world.twin.now() > since + 600_000);
      assert.equal(world.twin.size()?.desired, 3);
    });

    it('of the control run gives back what it grew by, one at a time, not below the minimum', async () => {
      await start({ capacity: 3 }, { factor: 600, mode: 'control', cpu: () => 1 });
      await until('one is left', () => world.twin.size()?.desired === 1);
      const told = world.happened('decision');
      assert.deepEqual(
        told.map(({ scaleIn }) => scaleIn),
        [true, true],
      );
      const since = world.twin.now();
      await until('ten minutes pass', () => world.twin.now() > since + 600_000);
      assert.equal(serving().length, 1);
    });

    it('does not shrink to where it would grow again at once', async () => {
      await start({ capacity: 2 }, { factor: 600, mode: 'control', cpu: () => 40 });
      await servingAre(2);
      await until('ten minutes pass', () => world.twin.now() > 600_000);
      assert.equal(serving().length, 2);
    });
  });

  describe('scheduled events', () => {
    const path = 'scheduledevents?api-version=2020-07-01';
    interface Told {
      DocumentIncarnation: number;
      Events: {
        EventId: string;
        EventType: string;
        Resources: string[];
        EventStatus: string;
        NotBefore: string;
      }[];
    }
    const look = async (instance: string) => (await world.imds(instance, path)).json as Told;

    it('tell every machine of the end of one, which comes when it agrees, or at its time', async () => {
      await start({ capacity: 2, terminateNoticeMs: 6_000_000 });
      await servingAre(2);
      assert.deepEqual((await look('ebbtide-media_0')).Events, []);
      const begun = Date.now();
      const operation = end(await world.arm('runbook', 'DELETE', `${VMS}/1`));
      const [event] = (await look('ebbtide-media_0')).Events;
      assert.deepEqual(
        [event?.EventType, event?.Resources, event?.EventStatus],
        ['Terminate', ['ebbtide-media_1'], 'Scheduled'],
      );
      const ahead = Date.parse(event?.NotBefore ?? '') - begun;
      assert.ok(ahead > 40_000 && ahead < 70_000, `6000 s of the cloud's are 50 s here, not ${ahead} ms`);
      assert.equal(world.machines.get('ebbtide-media_1')?.on, true);
      const body = { StartRequests: [{ EventId: event?.EventId }] };
      assert.equal(
        (await world.imds('ebbtide-media_1', path, { method: 'POST', body, headers: { metadata: 'true' } }))
          .status,
        200,
      );
      assert.equal(await operation, 'Succeeded');
      assert.ok(Date.now() - begun < 30_000, 'it did not wait for its time');
      assert.equal(world.machines.get('ebbtide-media_1')?.on, false);
      assert.deepEqual((await look('ebbtide-media_0')).Events, []);
      const [first] = (await look('ebbtide-media_0')).Events;
      assert.equal(first, undefined);
    });

    it('announce an eviction half a minute ahead, and maintenance longer', async () => {
      await start({ capacity: 2 });
      await servingAre(2);
      world.twin.maintain('ebbtide-media_0', 'Freeze');
      world.twin.evict('ebbtide-media_1');
      const { Events } = await look('ebbtide-media_0');
      assert.deepEqual(
        Events.map(({ EventType }) => EventType),
        ['Freeze', 'Preempt'],
      );
      await until('it is gone', () => !world.machines.get('ebbtide-media_1')?.on);
      assert.equal(world.machines.get('ebbtide-media_0')?.on, true);
    });
  });

  describe('the metadata service', () => {
    it('tells a machine who it is, and gives it a token for one service', async () => {
      await start();
      await servingAre(1);
      const told = await world.imds('ebbtide-media_0', 'instance?api-version=2021-02-01');
      const { compute } = told.json as { compute: Record<string, string> };
      assert.equal(compute.name, 'ebbtide-media_0');
      assert.equal(compute.vmId, named('ebbtide-media_0')?.vmId);
      const zone = await world.imds(
        'ebbtide-media_0',
        'instance/compute/zone?api-version=2021-02-01&format=text',
      );
      assert.equal(zone.text, '1');
      const token = await world.imds(
        'ebbtide-media_0',
        'identity/oauth2/token?api-version=2018-02-01&resource=https://storage.azure.com/',
      );
      const { access_token } = token.json as { access_token: string };
      const headers = { authorization: `Bearer ${access_token}` };
      assert.equal((await world.blob('node', 'GET', 'secrets/wake-url', { headers })).status, 200);
      assert.equal(
        (await world.arm('node', 'GET', VMS, { headers })).status,
        401,
        'it is for another service',
      );
    });

    it('tells nothing to who does not ask as it must be asked', async () => {
      await start();
      await servingAre(1);
      const asked = [
        await world.imds('ebbtide-media_0', 'instance?api-version=2021-02-01', { headers: {} }),
        await world.imds('ebbtide-media_0', 'instance'),
        await world.imds('ebbtide-media_0', 'instance?api-version=2021-02-01', {
          headers: { metadata: 'true', 'x-forwarded-for': '10.0.0.9' },
        }),
        await world.imds(
          'ebbtide-media_0',
          'identity/oauth2/token?api-version=2018-02-01&resource=https://x',
        ),
      ];
      for (const { status } of asked) assert.equal(status, 400);
    });
  });
});

function decision(node: string, machine?: string): string {
  return JSON.stringify({
    v: 1,
    id: 'd-1',
    node,
    ...(machine === undefined ? {} : { machine }),
    pool: 'media',
    at: new Date().toISOString(),
    by: 'runbook',
    cause: 'scale-in',
    intent: 'leave',
    reason: 'fewest calls',
  });
}
