import * as assert from 'node:assert/strict';
import { chmodSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { type Applied, applyProgram } from '../../lab/gcp/apply.ts';
import type { GcpTwin } from '../../lab/gcp/gcp-twin.ts';
import { createTwin } from '../../lab/gcp/twin.ts';
import type { LabMachine } from '../../lab/instance/lab-machine.ts';
import { LabMachines } from '../../lab/instance/machine-factory.ts';
import { REHEARSED } from '../../lab/rehearsal/clouds.ts';
import { type Provisioned, provision } from '../../lab/rehearsal/provision.ts';
import { eventually } from '../contract/media-server.ts';

const FACTOR = 60;
/** Neither busy nor idle: only a test moves the group. */
const QUIET_CPU = 42;
const MEDIA_UNIT = 'livekit.service';
const ON_GCP = { ...REHEARSED.gcp, apply: applyProgram };

describe('a node on the twin GCP that boots again, its startup-script late', function () {
  this.timeout(120_000);
  let provisioned: Provisioned<Applied>;
  let machines: LabMachines;
  let twin: GcpTwin;
  let told: { instance: string; event: string }[];

  before(async () => {
    provisioned = await provision({ media: 'twin', factor: FACTOR, seed: 1 }, ON_GCP);
  });
  after(() => provisioned.close());

  beforeEach(async () => {
    told = [];
    machines = new LabMachines({
      cpuOf: () => QUIET_CPU,
      onLog({ instanceId, line }) {
        const event = /"event":"([^"]+)"/.exec(line)?.[1];
        if (event !== undefined) told.push({ instance: instanceId, event });
      },
    });
    twin = createTwin({
      model: provisioned.applied.ebbtide.model,
      machines,
      mode: 'ebbtide',
      factor: FACTOR,
    });
    await twin.start();
    twin.setDesiredCapacity(3);
    await eventually(
      'three serve',
      () => twin.instances().filter(({ id }) => status(id)?.phase === 'serving').length === 3,
      60_000,
    );
  });
  afterEach(async () => {
    const refused = twin.refused();
    await twin.close();
    await machines.dispose();
    assert.deepEqual(refused, [], 'the provisioned rights allow all that was done');
  });

  const bucket = () => provisioned.applied.ebbtide.model.buckets[0]?.name ?? '';
  function status(node: string): { phase: string; work: { people: number } | null } | undefined {
    const key = twin.keys(bucket()).find((each) => each.startsWith('statuses/') && each.includes(node));
    const body = key === undefined ? undefined : twin.object(bucket(), key);
    return body === undefined ? undefined : JSON.parse(body);
  }
  const logged = (instance: string, event: string) =>
    told.filter((line) => line.instance === instance && line.event === event).length;
  const isEmpty = (node: string) => ['empty', 'leaving'].includes(status(node)?.phase ?? '');
  function machine(instance: string): LabMachine {
    const found = machines.machine(instance);
    assert.ok(found !== undefined, `there is a machine ${instance}`);
    return found;
  }

  /** A node of this fleet that has people on it, and was told to leave. */
  async function draining(): Promise<string> {
    for (const { id } of twin.instances())
      await provisioned.drivers.ebbtide.join(machine(id), `room-${id}`, 'ada');
    await eventually(
      'all are told',
      () => twin.instances().every(({ id }) => status(id)?.work?.people === 1),
      30_000,
    );
    twin.setDesiredCapacity(2);
    const victim = () => twin.instances().find(({ id }) => logged(id, 'media-signalled') > 0);
    await eventually('one is signalled', () => victim() !== undefined, 60_000);
    return victim()?.id ?? '';
  }

  /** From here on each file of the startup-script takes a while. */
  function slowDown({ root }: LabMachine, seconds: number): void {
    const gzip = join(root, 'usr/bin/gzip');
    const real = realpathSync(gzip);
    writeFileSync(`${gzip}.new`, `#!/bin/bash\nsleep ${seconds}\nexec ${real} "$@"\n`);
    chmodSync(`${gzip}.new`, 0o755);
    renameSync(`${gzip}.new`, gzip);
  }

  function listens(port: number): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
  }

  /** Looks all the time whether LiveKit listens. */
  function watch(node: LabMachine): () => Promise<number> {
    let seen = 0;
    let on = true;
    const looking = (async () => {
      while (on && !node.takenAway()) {
        if (await listens(node.signalPort)) seen += 1;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    })();
    return async () => {
      on = false;
      await looking;
      return seen;
    };
  }

  it('in mid-drain: takes no call any more, says that it is empty, and is taken away', async () => {
    const victim = await draining();
    const node = machine(victim);
    // It must stand long enough for its startup-script to come to its end: nobody takes it away meanwhile.
    twin.faults.add({ service: 'compute', action: 'instances.delete', times: 10_000, kind: 'error' });
    slowDown(node, 1);
    const agents = logged(victim, 'agent-started');
    const rebooted = node.reboot();
    const seen = watch(node);
    await eventually('the agent is back', () => logged(victim, 'agent-started') > agents, 30_000);
    // Its status may still be one from before it drained: only these words will do.
    await eventually(
      'it says that it is empty',
      () => isEmpty(victim) && logged(victim, 'empty') > 0,
      30_000,
    );
    assert.equal(logged(victim, 'empty'), 1);
    const early = readFileSync(join(node.root, 'var/log/startup-script.log'), 'utf8');
    await rebooted;
    const log = readFileSync(join(node.root, 'var/log/startup-script.log'), 'utf8');
    assert.doesNotMatch(early, /boot-was-done/, 'it was empty before its startup-script had ended');
    assert.match(log, /boot-was-done/);
    assert.equal(await seen(), 0, 'LiveKit never listened');
    assert.equal(logged(victim, 'media-came-back'), 0);
    // Whoever would start it by hand, or had been late with a first boot, starts nothing either.
    assert.equal((await node.command('enable', '--now', MEDIA_UNIT)).code, 0);
    assert.equal(node.pidOf(MEDIA_UNIT), 0);
    twin.faults.clear();
    await eventually('it is gone', () => node.takenAway(), 60_000);
    assert.deepEqual(twin.leaked(), []);
  });

  it('while nobody wants it gone: serves again, and fetches nothing', async () => {
    const [{ id: instance } = { id: '' }] = twin.instances();
    const node = machine(instance);
    const agents = logged(instance, 'agent-started');
    await node.reboot();
    await eventually('the agent is back', () => logged(instance, 'agent-started') > agents, 30_000);
    await eventually('it serves', () => listens(node.signalPort), 30_000);
    assert.equal(
      (readFileSync(join(node.root, 'var/log/startup-script.log'), 'utf8').match(/stage-done/g) ?? []).length,
      2,
    );
    await provisioned.drivers.ebbtide.join(node, 'again', 'ada');
    await eventually('its people are told', () => status(instance)?.work?.people === 1, 30_000);
  });
});
