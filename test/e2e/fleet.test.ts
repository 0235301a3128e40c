import * as assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { type Applied, applyProgram } from '../../lab/aws/apply.ts';
import { REHEARSED } from '../../lab/rehearsal/clouds.ts';
import { type Provisioned, provision } from '../../lab/rehearsal/provision.ts';
import { type Call, FleetRig } from '../support/fleet-rig.ts';

/** An hour of the cloud is 15 s: a hook of 3,600 s that nobody keeps alive ends within a test. */
const FACTOR = 240;
const ON_AWS = { ...REHEARSED.aws, apply: applyProgram };

describe('a fleet on the twin AWS, when things go wrong', () => {
  let provisioned: Provisioned<Applied>;
  let fleet: FleetRig;

  before(async () => {
    provisioned = await provision({ media: 'twin', factor: FACTOR, seed: 1 }, ON_AWS);
  });
  after(() => provisioned.close());

  beforeEach(() => {
    fleet = new FleetRig(provisioned.applied.ebbtide.model, provisioned.drivers.ebbtide, FACTOR);
  });

  afterEach(async () => {
    const refused = fleet.twin.refused();
    await fleet.close();
    assert.deepEqual(refused, [], 'the provisioned rights allow all that was done');
  });

  async function callsEverywhere(): Promise<Call[]> {
    const calls = await Promise.all(fleet.inService().map((instance) => fleet.call(instance)));
    await fleet.settle();
    return calls;
  }

  function callOn(victim: string, calls: Call[]): Call {
    const call = calls.find(({ instance }) => instance === victim);
    assert.ok(call !== undefined);
    return call;
  }

  async function draining(): Promise<string> {
    await fleet.until('one is draining', () =>
      fleet.twin.instances().some(({ state }) => state === 'Terminating:Wait'),
    );
    const victim = fleet.twin.instances().find(({ state }) => state === 'Terminating:Wait');
    assert.ok(victim !== undefined);
    return victim.id;
  }

  it('an agent that is dead past the hook costs no call: the machine is retained, and ends when it is empty', async () => {
    await fleet.start(2);
    const calls = await callsEverywhere();
    fleet.twin.setDesiredCapacity(1);
    const victim = await draining();
    await fleet.until('it is signalled', () => fleet.logged(victim, 'media-signalled') === 1);
    await fleet.machine(victim).command('stop', 'ebbtide-agent.service');
    await fleet.until('it is retained', () => fleet.stateOf(victim) === 'Terminating:Retained');
    const call = callOn(victim, calls);
    const [person] = call.people;
    const framesBefore = person?.heard().frames ?? 0;
    await fleet.until('the call goes on', () => (person?.heard().frames ?? 0) > framesBefore + 3);
    await fleet.machine(victim).command('start', 'ebbtide-agent.service');
    await fleet.until('the agent is back', () => fleet.logged(victim, 'agent-started') === 2);
    await fleet.until('it learns that its hook has ended', () => fleet.logged(victim, 'hook-ended') > 0);
    assert.equal(fleet.stateOf(victim), 'Terminating:Retained');
    await fleet.hangUp(call);
    await fleet.until(
      'the watcher ends it and the agent lets it go',
      () => fleet.stateOf(victim) === 'Terminated',
    );
    assert.equal(fleet.logged(victim, 'media-signalled'), 1);
    assert.deepEqual(fleet.twin.leaked(), []);
  });

  it('an agent killed again and again in mid-drain signals once and leaves once', async () => {
    await fleet.start(2);
    const calls = await callsEverywhere();
    fleet.twin.setDesiredCapacity(1);
    const victim = await draining();
    for (let kill = 1; kill <= 4; kill += 1) {
      fleet.machine(victim).killAgent();
      await fleet.until('it comes back', () => fleet.logged(victim, 'agent-started') > kill);
    }
    await fleet.hangUp(callOn(victim, calls));
    await fleet.until('it is gone', () => fleet.stateOf(victim) === 'Terminated');
    assert.ok(fleet.logged(victim, 'media-signalled') <= 1);
  });

  it('a reboot in mid-drain: the new life of the media gets its one signal, and the machine leaves', async () => {
    await fleet.start(2);
    await callsEverywhere();
    fleet.twin.setDesiredCapacity(1);
    const victim = await draining();
    await fleet.until('it is signalled', () => fleet.logged(victim, 'media-signalled') === 1);
    await fleet.machine(victim).reboot();
    await fleet.until('it is gone', () => fleet.stateOf(victim) === 'Terminated');
  });

  it('a node of which nothing is known is never chosen, however few its calls; one that is protected neither', async () => {
    await fleet.start(3);
    const [silent = '', guarded = '', busy = ''] = fleet.inService();
    const call = await fleet.call(busy);
    fleet.twin.tag(guarded, 'ebbtide:protected', 'true');
    await fleet.settle();
    await fleet.until('the tag is seen', () => fleet.status(guarded)?.protected === true);
    fleet.twin.faults.add({
      service: 's3',
      action: 'PutObject',
      instance: silent,
      times: 10_000,
      kind: 'error',
    });
    fleet.garbleStatus(silent);
    fleet.twin.setDesiredCapacity(2);
    assert.equal(await draining(), busy);
    await fleet.hangUp(call);
    await fleet.until('it is gone', () => fleet.stateOf(busy) === 'Terminated');
  });

  it('while the registry is out of reach nothing is taken; afterwards the group gets what it asked for', async () => {
    await fleet.start(2);
    await fleet.settle();
    fleet.twin.faults.add({ service: 's3', action: 'ListObjectsV2', times: 10_000, kind: 'throttle' });
    const answers = () => fleet.answersOf('termination-policy');
    fleet.twin.setDesiredCapacity(1);
    await fleet.until('the policy was asked more than once', () => answers().length >= 2);
    assert.ok(answers().every((answer) => answer === '{"InstanceIDs":[]}'));
    assert.equal(fleet.inService().length, 2);
    fleet.twin.faults.clear();
    await fleet.until('one leaves', () => fleet.inService().length === 1);
  });

  it('a machine that the cloud calls unhealthy is drained too, past the policy', async () => {
    await fleet.start(2);
    const [sick = ''] = fleet.inService();
    const call = await fleet.call(sick);
    await fleet.settle();
    fleet.twin.markUnhealthy(sick);
    await fleet.until('it is signalled', () => fleet.logged(sick, 'media-signalled') === 1);
    assert.equal(fleet.stateOf(sick), 'Terminating:Wait');
    await fleet.hangUp(call);
    await fleet.until('it is gone', () => fleet.stateOf(sick) === 'Terminated');
  });

  it('an instance refresh drains what it replaces', async () => {
    await fleet.start(2);
    const calls = await callsEverywhere();
    fleet.twin.replaceOne('INSTANCE_REFRESH');
    const victim = await draining();
    await fleet.hangUp(callOn(victim, calls));
    await fleet.until('it is gone', () => fleet.stateOf(victim) === 'Terminated');
    for (const call of calls.filter(({ instance }) => instance !== victim)) await fleet.hangUp(call);
  });
});
