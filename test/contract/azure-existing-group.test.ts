import assert from 'node:assert/strict';
import { createAzureClient } from '../../fleet/azure/client.ts';
import { createRunbookLock } from '../../fleet/azure/runbook-lock.ts';
import { createSetProtection } from '../../fleet/azure/set-protection.ts';
import { hasPython } from '../../lab/azure/automation/python.ts';
import { borrowGroup, giveBackGroup, isBorrowed, noteGroup } from '../../providers/azure/group-loan.ts';
import { operatorClients } from '../../providers/azure/operator-clients.ts';
import { runSweep } from '../../providers/azure/run-parting.ts';
import { azureSnippet } from '../../stacks/azure/node-snippet.ts';
import { NODE_ID, SET, STORE } from './support/azure/model.ts';
import { startPool, type TestPool } from './support/azure/pool.ts';
import { describeSnippet } from './support/node-snippet.ts';
import { servingIn, until } from './support/quiet-run.ts';

const [, , subscriptionId = '', , resourceGroup = ''] = SET.split('/');
const PLACE = {
  group: 'ebbtide-media',
  subscriptionId,
  resourceGroup,
  storage: STORE,
  store: `https://${STORE}.blob.core.windows.net`,
};
const STATE = { ...PLACE, pool: 'media', autoscale: 'theirs', location: 'westeurope' };
const SETS_MS = 10;

describe('the loan of a scale set, on the twin Azure', () => {
  let world: TestPool;
  let environment: Record<string, string>;
  /** How often it was asked for the runbook's lock. */
  let asked: number;

  beforeEach(async () => {
    // The test is the runbook, and wakes it where it is to run: nothing else does.
    asked = 0;
    world = await startPool({
      ...{ capacity: 2, factor: 120 },
      intervene({ headers }, when) {
        if (when === 'after' && headers['x-ms-proposed-lease-id']?.startsWith('ebbef1de')) asked += 1;
        return undefined;
      },
    });
    environment = {
      AZURE_ACCESS_TOKEN: world.twin.operatorToken('https://management.azure.com/'),
      AZURE_RESOURCE_MANAGER_ENDPOINT: world.twin.endpoint,
      AZURE_STORAGE_BLOB_ENDPOINT: `${world.twin.endpoint}/blob/${STORE}`,
    };
  });
  afterEach(() => world?.twin.close());

  const protectedOnes = () =>
    world.twin
      .machines()
      .filter(({ protection }) => protection?.protectFromScaleIn === true)
      .map(({ name }) => name);
  /** As the runbook does. */
  async function protect(id: string) {
    const body = { location: 'westeurope', properties: { protectionPolicy: { protectFromScaleIn: true } } };
    await world.arm('runbook', 'PUT', `${SET}/virtualMachines/${id}`, { body });
    await until(`${id} is protected`, () => protectedOnes().includes(`ebbtide-media_${id}`));
  }
  const part = () => runSweep(STATE, 'refuse', environment);
  const decide = () => {
    const node = 'ebbtide-media_1';
    const { vmId } = world.twin.machines().find(({ name }) => name === node) ?? assert.fail(node);
    const at = new Date().toISOString();
    const decision = { v: 1, id: 'd-1', node, machine: vmId, pool: 'media', at, by: 'runbook', reason: 'x' };
    const body = JSON.stringify({ ...decision, cause: 'scale-in', intent: 'leave' });
    world.twin.putObject(STORE, `decisions/${node}.json`, body);
  };

  it('leaves who was protected before protected, and nobody else', async () => {
    await protect('0');
    const loan = { ...PLACE, before: await noteGroup(PLACE, environment), wanted: '{"v":1}' };
    await borrowGroup(loan, environment);
    assert.equal(await isBorrowed(loan, environment), true);
    await protect('1');
    await giveBackGroup(loan, environment, SETS_MS);
    assert.deepEqual(protectedOnes(), ['ebbtide-media_0']);
  });

  describe('when it is given back', () => {
    const policies = () => world.twin.machines().map(({ protection }) => protection);
    async function givenBackAfter(change: (id: string) => Promise<void> | void) {
      const loan = { ...PLACE, before: await noteGroup(PLACE, environment), wanted: '{"v":1}' };
      await borrowGroup(loan, environment);
      await protect('0');
      await protect('1');
      await change('1');
      await giveBackGroup(loan, environment, SETS_MS);
      return policies();
    }
    const OURS = { protectFromScaleIn: false };
    const THEIRS = { protectFromScaleIn: true };

    it('leaves what a person has protected meanwhile from everything as it is', async () => {
      const all = { protectFromScaleIn: true, protectFromScaleSetActions: true };
      const after = await givenBackAfter(async (id) => {
        const body = { location: 'westeurope', properties: { protectionPolicy: all } };
        await world.arm('operator', 'PUT', `${SET}/virtualMachines/${id}`, { body });
        const isSo = () => policies()[1]?.protectFromScaleSetActions === true;
        await until('it is protected from everything', isSo);
      });
      assert.deepEqual(after, [OURS, all]);
    });

    for (const [tag, value, then] of [
      ['ebbtide-protected', 'true', THEIRS],
      ['Ebbtide-Protected', 'by ann', THEIRS],
      ['ebbtide-protected', 'False', OURS],
      ['protected', 'true', OURS],
    ] as const)
      it(`goes by a person's tag: ${tag} ${value}`, async () => {
        const after = await givenBackAfter((id) => world.twin.setTag(`ebbtide-media_${id}`, tag, value));
        assert.deepEqual(after, [OURS, then]);
      });

    it('keeps the tags of whoever it touches', async () => {
      await givenBackAfter((id) => world.twin.setTag(`ebbtide-media_${id}`, 'owner', 'ann'));
      const [, one] = world.twin.machines();
      assert.deepEqual(one?.tags, { owner: 'ann' });
    });

    it('does not touch a machine that has come in the place of one that it saw', async () => {
      const loan = { ...PLACE, before: await noteGroup(PLACE, environment), wanted: '{"v":1}' };
      await protect('0');
      const [seen] = world.twin.machines();
      assert.ok(seen);
      const token = async () => world.twin.operatorToken('https://management.azure.com/');
      const manager = createAzureClient({ base: world.twin.endpoint, token, timeoutMs: 5_000 });
      await createSetProtection(manager, SET).end({ instanceId: '0', machine: 'another', byOperator: false });
      assert.deepEqual(policies()[0], THEIRS);
      await giveBackGroup(loan, environment, SETS_MS);
      assert.deepEqual(policies()[0], OURS);
    });

    it('is done again where Azure refuses it for a while', async () => {
      const loan = { ...PLACE, before: await noteGroup(PLACE, environment), wanted: '{"v":1}' };
      await protect('0');
      world.twin.faults.add({
        service: 'arm',
        action: 'VirtualMachineScaleSetVMs_Update',
        times: 2,
        kind: 'error',
      });
      await giveBackGroup(loan, environment, SETS_MS);
      assert.deepEqual(protectedOnes(), []);
    });
  });

  it('parts from one in which nobody leaves: the runbook is held, until the loan is given back or taken anew', async () => {
    const loan = { ...PLACE, before: await noteGroup(PLACE, environment), wanted: '{"v":1}' };
    await part();
    assert.equal(servingIn(world.twin).length, 2);
    assert.equal(await isBorrowed(loan, environment), false);
    await part();
    await borrowGroup(loan, environment);
    assert.equal(await isBorrowed(loan, environment), true);
    await part();
    await giveBackGroup(loan, environment, SETS_MS);
    assert.equal(await isBorrowed(loan, environment), true, 'it is free');
  });

  const there = () => world.twin.machines().filter(({ isGone }) => !isGone).length;
  const lock = () => createRunbookLock(operatorClients(PLACE, environment).blobs);

  describe('while one is on its way out', () => {
    beforeEach(async () => {
      world.tell('ebbtide-media_0');
      await decide();
    });
    const NODE = 'ebbtide-media_1';
    const drains = () => {
      world.empty(NODE);
      const { decision } = JSON.parse(world.twin.object(STORE, `statuses/${NODE}.json`) ?? '{}');
      world.tell(NODE, { phase: 'draining', decision });
    };
    const refused: [what: string, play: () => void, says: RegExp][] = [
      ['nothing is known', () => undefined, /of 1 it is not known what is on them/],
      [
        'calls are on it',
        drains,
        /calls are on 1 of its 1 nodes that are leaving[\s\S]*ebbtide-media_1 \(2, Succeeded, running\): draining, 1 rooms, 2 people/,
      ],
      [
        'its decision makes no sense',
        () => world.twin.putObject(STORE, `decisions/${NODE}.json`, '{}'),
        /its decision: /,
      ],
    ];
    for (const [what, play, says] of refused)
      it(`refuses where ${what}, and has changed nothing`, async () => {
        play();
        await assert.rejects(part(), says);
        assert.equal(there(), 2);
        assert.equal(await lock().isHeld(), false);
      });

    it('deletes it once it has drained, and nobody else, and holds the runbook after that', async () => {
      world.empty(NODE);
      await part();
      assert.equal(there(), 1);
      assert.deepEqual(servingIn(world.twin), ['ebbtide-media_0']);
      assert.equal(await lock().isHeld(), true);
    });

    it('deletes it with its calls where one insists, and nobody else', async () => {
      drains();
      await runSweep(STATE, 'cut', environment);
      assert.deepEqual(servingIn(world.twin), ['ebbtide-media_0']);
    });

    it('leaves alone who serves where one insists and its decision makes no sense', async () => {
      world.twin.putObject(STORE, `decisions/${NODE}.json`, '{}');
      await runSweep(STATE, 'cut', environment);
      assert.equal(there(), 2);
    });
  });

  describeSnippet(() => {
    const [machine] = world.machines.values();
    const { AZURE_POD_IDENTITY_AUTHORITY_HOST = assert.fail('no metadata') } =
      machine?.spec.environment ?? {};
    const { AZURE_STORAGE_BLOB_ENDPOINT = assert.fail('no store') } = environment;
    return {
      put: (key, script) => world.twin.putObject(STORE, key, script),
      snippet: (snippet) => azureSnippet({ ...snippet, store: PLACE.store, identity: NODE_ID }),
      environment: { AZURE_POD_IDENTITY_AUTHORITY_HOST, AZURE_STORAGE_BLOB_ENDPOINT },
    };
  });

  it('keeps the runbook from choosing and protecting anybody while it is held', async function () {
    if (!hasPython()) this.skip();
    world.tellAll();
    await part();
    assert.equal((await world.woken()).status, 'Completed');
    assert.deepEqual([world.decided(), protectedOnes()], [[], []]);
    await lock().release();
    assert.equal((await world.woken()).status, 'Completed');
    assert.equal(protectedOnes().length, 2);
  });

  it('waits for a run of the runbook that is at work', async () => {
    const memory = 'memory/scale-in.json';
    await world.blob('runbook', 'PUT', memory, { body: '{"v":1}' });
    const lease = { 'x-ms-lease-action': 'acquire', 'x-ms-lease-duration': '15' };
    const id = { 'x-ms-proposed-lease-id': '11111111-2222-4333-8444-555555555555' };
    assert.equal(
      (await world.blob('runbook', 'PUT', `${memory}?comp=lease`, { headers: { ...lease, ...id } })).status,
      201,
    );
    const parted = part();
    const release = { 'x-ms-lease-action': 'release', 'x-ms-lease-id': id['x-ms-proposed-lease-id'] };
    await until('it was asked for', () => asked > 0);
    assert.equal(await lock().isHeld(), false);
    await world.blob('runbook', 'PUT', `${memory}?comp=lease`, { headers: release });
    await parted;
    assert.equal(await lock().isHeld(), true);
  });
});
