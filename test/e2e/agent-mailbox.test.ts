import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { AgentConfigFile } from '../../fleet/agent-config.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { readingOf } from '../../fleet/registry.ts';
import type { NodeStatus } from '../../fleet/status.ts';
import { type SignedStatus, verifyStatus } from '../../fleet/status-signature.ts';
import type { DropletMachine } from '../support/digitalocean-machine.ts';
import { AZURE, DIGITALOCEAN, GCP, type MailboxCloud, POOL_SECRET } from '../support/mailbox-clouds.ts';
import { MailboxRig } from '../support/mailbox-rig.ts';
import { ON_A_SHARED_MACHINE } from '../support/shared-machine.ts';
import { slowDown } from '../support/store-front.ts';
import type { StoreServer } from '../support/store-server.ts';

/** A poll of the mailbox each 3 s, and what follows it. */
const SIGNAL_WITHIN_MS = 4_000;
const CLOUDS: readonly MailboxCloud[] = [GCP, AZURE, DIGITALOCEAN];

for (const on of CLOUDS) {
  describe(`the agent bundle on ${on.name}, with its registry on a real store (${on.store.program})`, () => {
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
      assert.ok(signalMs <= SIGNAL_WITHIN_MS * ON_A_SHARED_MACHINE, `signalled after ${signalMs} ms`);
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

    const { noticedWithinMs } = on;
    if (noticedWithinMs !== undefined) {
      it('a preemption drains at once, with its deadline in the status', async () => {
        const here = await serving();
        const { node, machine } = here;
        await here.morePolls(2);
        const noticedAt = Date.now();
        machine.preempt?.();
        const signalMs = await node.until('it signals', () => here.signalled === 1);
        assert.ok(signalMs <= noticedWithinMs * ON_A_SHARED_MACHINE, `signalled after ${signalMs} ms`);
        await here.told('it says why', ({ decision }) => decision?.by === 'spot-interruption');
        const deadline = Date.parse((await here.status())?.decision?.deadline ?? '');
        assert.ok(Math.abs(deadline - noticedAt - 30_000) < 2_500, `${deadline - noticedAt} ms ahead`);
        assert.equal(machine.wakes.length, 0, 'nobody has decided to take it away');
      });
    }

    it('tells that an operator protects it', async () => {
      const here = await serving();
      here.machine.protect();
      await here.told('it is protected', (seen) => seen.protected);
    });
  });
}

describe(`the agent bundle on Azure, and what is scheduled for its machine (${AZURE.store.program})`, () => {
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

describe(`the agent bundle on DigitalOcean, where all nodes write with one key (${DIGITALOCEAN.store.program})`, () => {
  let server: StoreServer | undefined;
  let rig: MailboxRig<DropletMachine> | undefined;
  let buckets = 0;

  before(async function () {
    const program = DIGITALOCEAN.store.find();
    if (program === undefined) return this.skip();
    server = await DIGITALOCEAN.store.start(program);
  });
  afterEach(async () => {
    await rig?.close();
    rig = undefined;
  });
  after(() => server?.stop());

  async function serving(): Promise<MailboxRig<DropletMachine>> {
    assert.ok(server);
    buckets += 1;
    rig = await MailboxRig.create(DIGITALOCEAN, server, `pool-${buckets}`);
    return rig;
  }

  it('signs each word of its life; the same words in another place, and another’s in its own, are not believed', async () => {
    const here = await serving();
    const { node, store, registry } = here;
    const verify = (status: SignedStatus) => verifyStatus(POOL_SECRET, status);
    const believed = createBucketRegistry({ store, verify });
    const signatureOf = async (of: string) => {
      const reading = readingOf(await believed.readFleet(), of);
      return reading.kind === 'fresh' ? reading.signature : reading.kind;
    };
    assert.equal(await signatureOf(DIGITALOCEAN.node), 'right');

    const key = (of: string) => `statuses/${of}.json`;
    const said = (await store.get(key(DIGITALOCEAN.node))) ?? assert.fail();
    assert.ok('remove' in store);
    const other = 'ebbtide-media-99999999';
    const body = said.body.replaceAll(DIGITALOCEAN.node, other);
    await store.put(key(other), body, undefined, said.metadata);
    assert.equal(await signatureOf(other), 'wrong');
    await store.put(key(other), body);
    assert.equal(await signatureOf(other), 'none');

    await registry.writeDecision(here.decisionOf('d-1'));
    await here.told('it has gone', ({ phase }) => phase === 'leaving');
    assert.equal(await signatureOf(DIGITALOCEAN.node), 'right');
    const forged = (await store.get(key(DIGITALOCEAN.node))) ?? assert.fail();
    await node.killAgent();
    await store.put(
      key(DIGITALOCEAN.node),
      forged.body.replace('"leaving"', '"empty"'),
      undefined,
      forged.metadata,
    );
    assert.equal(await signatureOf(DIGITALOCEAN.node), 'wrong');
  });

  it('takes its tags for a reason to look again, and never for an order', async () => {
    const here = await serving();
    const { node, machine, registry } = here;
    const person = await node.join('ada');
    machine.tag('ebbtide-media-draining');
    machine.tag('ebbtide-decision:d-1');
    await here.morePolls(10);
    assert.equal(here.signalled, 0);
    assert.equal((await here.status())?.phase, 'serving');
    await registry.writeDecision(here.decisionOf('d-1'));
    await node.until('it signals', () => here.signalled === 1);
    assert.equal(person.reconnects(), 0);
  });

  it('does not start in an image of another droplet, nor in that one’s name', async () => {
    const here = await serving();
    const { node, machine, front } = here;
    await node.killAgent();
    const path = join(node.folder, 'agent.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(`"madeFor":"${DIGITALOCEAN.machine}"`, '"madeFor":"4712"'));
    front.requests.length = 0;
    const { PATH = '' } = process.env;
    const env = { PATH, ...machine.environment, SPACES_ENDPOINT_URL: front.url };
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      const words = [node.bundlePath, 'run', '--config', path];
      execFile(process.execPath, words, { env, timeout: 20_000 }, (error, _, said) =>
        resolve({ code: error?.code, stderr: said }),
      );
    });
    assert.equal(code, 1);
    assert.match(stderr, /made for machine 4712, and this is 4711/);
    assert.deepEqual(front.requests, []);
  });
});
