import * as assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { type Applied, applyProgram } from '../../lab/aws/apply.ts';
import { REHEARSED } from '../../lab/rehearsal/clouds.ts';
import { type Provisioned, provision } from '../../lab/rehearsal/provision.ts';
import { askAgent } from '../../node-agent/operator/socket-client.ts';
import { eventually } from '../contract/media-server.ts';
import { FleetRig } from '../support/fleet-rig.ts';

const FACTOR = 240;
const ON_AWS = { ...REHEARSED.aws, apply: applyProgram };

describe('nodes whose media server is a container (twin engine, real user-data, real agents)', () => {
  let provisioned: Provisioned<Applied>;
  let fleet: FleetRig;

  before(async () => {
    provisioned = await provision({ media: 'container', factor: FACTOR, seed: 1 }, ON_AWS);
  });
  after(() => provisioned.close());

  beforeEach(() => {
    const { applied, drivers, images } = provisioned;
    fleet = new FleetRig(applied.ebbtide.model, drivers.ebbtide, FACTOR, 'ebbtide', images);
  });
  afterEach(async () => {
    const refused = fleet.twin.refused();
    await fleet.close();
    assert.deepEqual(refused, []);
  });

  function engineOf(instance: string) {
    const { engine } = fleet.machine(instance);
    assert.ok(engine !== undefined);
    const [container] = engine.containers;
    assert.ok(container !== undefined && engine.containers.length === 1);
    return { engine, container };
  }

  /** A node that has just come up may need a second look before it can say yes. */
  async function ask(instance: string, path: '/drain' | '/resume'): Promise<void> {
    const socket = join(fleet.machine(instance).root, 'run/ebbtide/agent.sock');
    await eventually(
      `the agent takes ${path}`,
      async () => (await askAgent(socket, 'POST', path)).status === 200,
      15_000,
    );
  }

  /** Resolves when agent and media unit have come up again. */
  async function reboot(instance: string): Promise<void> {
    const agents = fleet.logged(instance, 'agent-started');
    await fleet.machine(instance).reboot();
    await fleet.until('the agent is back', () => fleet.logged(instance, 'agent-started') > agents);
    const socket = join(fleet.machine(instance).root, 'run/ebbtide/agent.sock');
    await fleet.until('it can be asked', () => existsSync(socket));
    // A oneshot that is starting is waited for.
    await fleet.machine(instance).command('start', 'livekit.service');
  }

  it('boot: the image is fetched by its digest, the container made and started, and its calls hold the node until they end', async () => {
    await fleet.start(2);
    const calls = await Promise.all(fleet.inService().map((instance) => fleet.call(instance)));
    await fleet.settle();
    const [instance = ''] = fleet.inService();
    const { engine, container } = engineOf(instance);
    const made = engine.asked.filter((request) => /images|create|start/.test(request));
    const image = container.definition.Image;
    assert.match(image, /^docker\.io\/livekit\/livekit-server@sha256:[0-9a-f]{64}$/);
    assert.deepEqual(made, [
      `GET /images/${image}/json`,
      `POST /images/create?fromImage=${encodeURIComponent(image)}`,
      `GET /images/${image}/json`,
      'POST /containers/create?name=livekit',
      'POST /containers/livekit/start',
    ]);
    // The keys are in the config that it is shown, and nowhere in what the engine tells of it.
    const config = readFileSync(join(fleet.machine(instance).root, 'etc/ebbtide/media/livekit.yaml'), 'utf8');
    const [secret = ''] = /[0-9a-f]{64}/.exec(config) ?? [];
    assert.ok(secret !== '' && !JSON.stringify([container.definition, container.inspect()]).includes(secret));
    assert.equal(container.policy.Name, 'on-failure');

    fleet.twin.setDesiredCapacity(1);
    await fleet.until('one is draining', () =>
      fleet.twin.instances().some(({ state }) => state === 'Terminating:Wait'),
    );
    const victim = fleet.twin.instances().find(({ state }) => state === 'Terminating:Wait')?.id ?? '';
    await fleet.until('it is signalled', () => fleet.logged(victim, 'media-signalled') === 1);
    assert.equal(engineOf(victim).container.policy.Name, 'no');
    const call = calls.find((each) => each.instance === victim);
    assert.ok(call !== undefined);
    await fleet.hangUp(call);
    await fleet.until('it is gone', () => fleet.stateOf(victim) === 'Terminated');
    const signals = engineOf(victim).engine.asked.filter((request) => request.includes('/kill'));
    assert.equal(signals.length, 1);
    assert.deepEqual(fleet.twin.leaked(), []);
  });

  it('a reboot starts again what served; what was drained stays down, until it is resumed', async () => {
    await fleet.start(2);
    await fleet.settle();
    const [instance = ''] = fleet.inService();
    const { container } = engineOf(instance);
    await reboot(instance);
    await fleet.until('it serves again', () => container.status === 'running');

    await ask(instance, '/drain');
    await fleet.until('it is empty', () => fleet.status(instance)?.phase === 'empty');
    await reboot(instance);
    assert.equal(container.status, 'exited');
    // A second run by hand changes nothing either.
    assert.deepEqual(await fleet.machine(instance).command('start', 'livekit.service'), {
      code: 0,
      text: '',
    });
    assert.equal(container.status, 'exited');

    await ask(instance, '/resume');
    await fleet.until('it serves again', () => fleet.status(instance)?.phase === 'serving');
    assert.deepEqual([container.status, container.policy.Name], ['running', 'on-failure']);
    assert.equal(engineOf(instance).container, container);
  });
});
