import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import type { AgentConfigFile } from '../../fleet/agent-config.ts';
import type { NodeStatus } from '../../fleet/status.ts';
import { AZURE, GCP, type MailboxCloud } from '../support/mailbox-clouds.ts';
import { MailboxRig } from '../support/mailbox-rig.ts';
import { slowDown } from '../support/store-front.ts';
import type { StoreServer } from '../support/store-server.ts';

/** A poll of the mailbox each 3 s, and what follows it. */
const SIGNAL_WITHIN_MS = 4_000;
const CLOUDS: readonly MailboxCloud[] = [GCP, AZURE];

for (const on of CLOUDS) {
  describe(`the agent bundle on ${on.name}, with its registry on a real store (${on.store.program})`, function () {
    this.timeout(90_000);
    let server: StoreServer | undefined;
    let rig: MailboxRig | undefined;
    let buckets = 0;

    before(async function () {
      const program = on.store.find();
      if (program === undefined) return this.skip();
      server = await on.store.start(program);
    });
    afterEach(async () => {
      await rig?.close();
      rig = undefined;
    });
    after(() => server?.stop());

    async function serving(every?: AgentConfigFile['every']): Promise<MailboxRig> {
      assert.ok(server);
      buckets += 1;
      rig = await MailboxRig.create(on, server, `pool-${buckets}`, every);
      return rig;
    }

    it('hears of its decision within 4 s, survives SIGKILL, and wakes the function when the registry says empty', async () => {
      const here = await serving({});
      const { node, machine, registry } = here;
      const person = await node.join('ada');
      await here.told('she is seen', ({ work }) => work?.people === 1);
      assert.equal((await here.status())?.machine, on.machine);
      await registry.writeDecision(here.decisionOf('d-1'));
      const signalMs = await node.until('it signals', () => here.signalled === 1);
      assert.ok(signalMs <= SIGNAL_WITHIN_MS, `signalled after ${signalMs} ms`);
      await here.told(
        'it drains for that reason',
        ({ phase, decision }) => phase === 'draining' && decision?.id === 'd-1',
      );

      await node.killAgent();
      await node.startAgent();
      await here.morePolls(2);
      assert.equal(person.reconnects(), 0);
      assert.equal(machine.wakes.length, 0);

      let saidAtWake: NodeStatus['phase'] | undefined;
      await person.hangUp();
      await node.until('it wakes the function', async () => {
        saidAtWake = (await here.status())?.phase;
        return machine.wakes.length > 0;
      });
      assert.match(saidAtWake ?? '', /^(empty|leaving)$/);
      assert.equal(machine.wakes[0]?.authorization, on.authorization);
      assert.equal(here.signalled, 1, 'one signal, by two agents together');
      assert.deepEqual(await person.ended, { kind: 'hung-up' });
      await here.told('it is leaving', ({ phase }) => phase === 'leaving');
      assert.ok(!JSON.stringify(node.logs).includes('quite-secret'), 'no secret in its log');
    });

    it('serves on, whatever its mailbox answers that is no decision about this machine', async () => {
      const here = await serving();
      const { node, front, store } = here;
      const person = await node.join('ada');
      const key = `decisions/${on.node}.json`;
      const bodies = [
        JSON.stringify(here.decisionOf('d-2', { machine: 'an earlier one of that name' })),
        JSON.stringify({ ...here.decisionOf('d-3'), machine: undefined }),
        JSON.stringify(here.decisionOf('d-4', { intent: 'maintenance' })),
        JSON.stringify(here.decisionOf('d-5', { node: 'ebbtide-media-other' })),
        JSON.stringify({ ...here.decisionOf('d-6'), v: 2 }),
        JSON.stringify({ ...here.decisionOf('d-7'), machine: 4711 }),
        'null',
        '{"v":1',
      ];
      for (const body of bodies) {
        await store.put(key, body);
        await here.morePolls(2);
      }
      for (const fault of [
        slowDown(on.store.dialect),
        { kind: 'answer', status: 403, body: 'no access' },
        { kind: 'answer', status: 404, body: 'the container is gone' },
        { kind: 'answer', status: 200, body: '' },
        { kind: 'cut' },
      ] as const) {
        front.fault = (request) => (request.key === key ? fault : undefined);
        await here.morePolls(2);
      }
      assert.equal(here.signalled, 0);
      assert.equal((await here.status())?.phase, 'serving');
      assert.equal(person.reconnects(), 0);
      assert.equal(here.machine.wakes.length, 0);
    });

    it('a metadata service that fails is no notice: 503, 403, 404', async () => {
      const here = await serving({ notice: '200ms', spot: '200ms', tags: '200ms' });
      for (const failure of [503, 403, 404]) {
        here.machine.failWith(failure);
        await here.morePolls(2);
        here.machine.failWith(undefined);
      }
      assert.equal(here.signalled, 0);
      assert.equal((await here.status())?.phase, 'serving');
    });

    it('a preemption drains at once, with its deadline in the status', async () => {
      const here = await serving();
      const { node, machine } = here;
      await here.morePolls(2);
      const noticedAt = Date.now();
      machine.preempt();
      const signalMs = await node.until('it signals', () => here.signalled === 1);
      assert.ok(signalMs <= on.noticedWithinMs, `signalled after ${signalMs} ms`);
      await here.told('it says why', ({ decision }) => decision?.by === 'spot-interruption');
      const deadline = Date.parse((await here.status())?.decision?.deadline ?? '');
      assert.ok(Math.abs(deadline - noticedAt - 30_000) < 2_500, `${deadline - noticedAt} ms ahead`);
      assert.equal(machine.wakes.length, 0, 'nobody has decided to take it away');
    });

    it('tells that an operator protects it', async () => {
      const here = await serving();
      here.machine.protect();
      await here.told('it is protected', (seen) => seen.protected);
    });
  });
}

describe(`the agent bundle on Azure, and what is scheduled for its machine (${AZURE.store.program})`, function () {
  this.timeout(90_000);
  let server: StoreServer | undefined;

  before(async function () {
    const program = AZURE.store.find();
    if (program === undefined) return this.skip();
    server = await AZURE.store.start(program);
  });
  after(() => server?.stop());

  it('drains when a person deletes it, and consents when the last room is over; before that, and to the reboot of another, never', async () => {
    assert.ok(server);
    const every = { notice: '200ms', spot: '200ms' };
    const here = await MailboxRig.create(AZURE, server, 'pool-1', every);
    try {
      const { node, machine } = here;
      const person = await node.join('ada');
      await here.told('she is seen', ({ work }) => work?.people === 1);
      machine.schedule('Reboot', ['ebbtide-media_4'], 60_000);
      machine.schedule('Reboot', [AZURE.node, 'ebbtide-media_4'], 60_000);
      machine.schedule('Reboot', [AZURE.node], 60_000);
      await here.morePolls(5);
      assert.equal(here.signalled, 0, 'a reboot ahead is advice');

      machine.schedule('Terminate', [AZURE.node], 300_000);
      await node.until('it signals', () => here.signalled === 1);
      await here.told('it says why', ({ decision }) => decision?.by === 'termination');
      await here.morePolls(5);
      assert.deepEqual(machine.acknowledged, []);
      assert.equal(person.reconnects(), 0);

      await person.hangUp();
      await node.until('it consents', () => machine.acknowledged.length > 0);
      assert.deepEqual(await person.ended, { kind: 'hung-up' });
      assert.deepEqual(machine.acknowledged, ['e-3', 'e-4'], 'to what is of this machine alone');
      await here.morePolls(5);
      assert.equal(machine.acknowledged.length, 2, 'once');
      assert.equal(here.signalled, 1);
    } finally {
      await here.close();
    }
  });
});
