import * as assert from 'node:assert/strict';
import { chmodSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { TwinCloud } from '../../lab/cloud/twin-cloud.ts';
import type { LabMachine } from '../../lab/instance/lab-machine.ts';
import { LabMachines } from '../../lab/instance/machine-factory.ts';
import { REHEARSED } from '../../lab/rehearsal/clouds.ts';
import { lackingFor } from '../../lab/rehearsal/lacking.ts';
import { type Provisioned, provision } from '../../lab/rehearsal/provision.ts';
import { eventually } from '../contract/media-server.ts';
import {
  type Fleet,
  ON_AWS,
  ON_AZURE,
  ON_DIGITALOCEAN,
  ON_GCP,
  type RebootCloud,
} from '../support/reboot-clouds.ts';

const FACTOR = 60;
/** Neither busy nor idle: only a test moves the group. */
const QUIET_CPU = 42;
const IDLE_CPU = 5;
const MEDIA_UNIT = 'livekit.service';

rebootOn(ON_AWS);
rebootOn(ON_AZURE);
rebootOn(ON_DIGITALOCEAN);
rebootOn(ON_GCP);

function rebootOn<Twin extends TwinCloud>(on: RebootCloud<Twin>): void {
  const why = lackingFor(on.name);
  describe(`a node on the twin ${on.name} that boots again${why ? ` (skipped: ${why})` : ''}`, () => {
    let provisioned: Provisioned<Fleet<Twin>>;
    let machines: LabMachines;
    let twin: Twin;
    let told: { instance: string; event: string }[];
    let cpu: number;

    before(async function () {
      if (why !== undefined) this.skip();
      const cloud = { ...REHEARSED[on.name], apply: on.apply };
      provisioned = await provision({ media: 'twin', factor: FACTOR, seed: 1 }, cloud);
    });
    after(() => provisioned?.close());

    beforeEach(async () => {
      told = [];
      cpu = QUIET_CPU;
      machines = new LabMachines({
        cpuOf: () => cpu,
        onLog({ instanceId, line }) {
          const event = /"event":"([^"]+)"/.exec(line)?.[1];
          if (event !== undefined) told.push({ instance: instanceId, event });
        },
      });
      twin = provisioned.applied.ebbtide.create({ machines, mode: 'ebbtide', factor: FACTOR });
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

    function status(node: string): { phase: string; work: { people: number } | null } | undefined {
      const { registry } = provisioned.applied.ebbtide;
      const key = twin.keys(registry).find((each) => each.startsWith('statuses/') && each.includes(node));
      const body = key === undefined ? undefined : twin.object(registry, key);
      return body === undefined ? undefined : JSON.parse(body);
    }
    const isEmpty = (node: string) => ['empty', 'leaving'].includes(status(node)?.phase ?? '');
    const logged = (instance: string, event: string) =>
      told.filter((line) => line.instance === instance && line.event === event).length;
    function machine(instance: string): LabMachine {
      const found = machines.machine(instance);
      assert.ok(found !== undefined, `there is a machine ${instance}`);
      return found;
    }
    const bootLog = ({ root }: LabMachine) => readFileSync(join(root, on.boot.log), 'utf8');

    /** A node of this fleet that has people on it, and was told to leave. */
    async function draining(): Promise<string> {
      for (const { id } of twin.instances())
        await provisioned.drivers.ebbtide.join(machine(id), `room-${id}`, 'ada');
      await eventually(
        'all are told',
        () => twin.instances().every(({ id }) => status(id)?.work?.people === 1),
        30_000,
      );
      if (on.wantFewer.idle) cpu = IDLE_CPU;
      on.wantFewer.tell(twin);
      const victim = () => twin.instances().find(({ id }) => logged(id, 'media-signalled') > 0);
      await eventually('one is signalled', () => victim() !== undefined, 60_000);
      return victim()?.id ?? '';
    }

    /** From here on each file of a startup-script takes a while. */
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

    /** Looks all the time whether LiveKit listens again, once the one before the reboot does not any more. */
    function watch(node: LabMachine): () => Promise<number> {
      let seen = 0;
      let isDown = false;
      let isOn = true;
      const looking = (async () => {
        while (isOn && !node.takenAway()) {
          if (!(await listens(node.signalPort))) isDown = true;
          else if (isDown) seen += 1;
          await new Promise((resolve) => setTimeout(resolve, 25));
        }
      })();
      return async () => {
        isOn = false;
        await looking;
        return seen;
      };
    }

    it('in mid-drain: takes no call any more, says that it is empty, and is taken away', async () => {
      const victim = await draining();
      const node = machine(victim);
      // It must stand long enough for what it was handed to come to its end: nobody takes it away meanwhile.
      const held = on.hold(twin);
      if (on.boot.again) slowDown(node, 1);
      const agents = logged(victim, 'agent-started');
      const atFirst = bootLog(node);
      const rebooted = node.reboot();
      const seen = watch(node);
      await eventually('the agent is back', () => logged(victim, 'agent-started') > agents, 60_000);
      await eventually(
        'it says that it is empty',
        () => isEmpty(victim) && logged(victim, 'empty') > 0,
        30_000,
      );
      assert.equal(logged(victim, 'empty'), 1);
      const early = bootLog(node);
      await rebooted;
      if (on.boot.again) {
        assert.doesNotMatch(early, on.boot.again, 'it was empty before its startup-script had ended');
        assert.match(bootLog(node), on.boot.again);
      } else {
        assert.equal(bootLog(node), atFirst, 'what it was handed runs at its first boot only');
      }
      assert.equal(await seen(), 0, 'LiveKit never listened');
      assert.equal(logged(victim, 'media-came-back'), 0);
      // Whoever would start it by hand, or had been late with a first boot, starts nothing either.
      assert.equal((await node.command('enable', '--now', MEDIA_UNIT)).code, 0);
      assert.equal(node.pidOf(MEDIA_UNIT), 0);
      held.end();
      await eventually('it is gone', () => node.takenAway(), 60_000);
      assert.deepEqual(twin.leaked(), []);
    });

    it('while nobody wants it gone: serves again, and fetches nothing', async () => {
      const [{ id: instance } = { id: '' }] = twin.instances();
      const node = machine(instance);
      const agents = logged(instance, 'agent-started');
      const staged = () => (bootLog(node).match(/stage-done/g) ?? []).length;
      const atFirst = staged();
      assert.equal(atFirst, 2);
      await node.reboot();
      await eventually('the agent is back', () => logged(instance, 'agent-started') > agents, 60_000);
      await eventually('it serves', () => listens(node.signalPort), 60_000);
      assert.equal(staged(), atFirst);
      await provisioned.drivers.ebbtide.join(node, 'again', 'ada');
      await eventually('its people are told', () => status(instance)?.work?.people === 1, 60_000);
    });

    it('with a new disk: serves where nobody wants it gone, and leaves where it was decided', async () => {
      const [{ id: kept } = { id: '' }] = twin.instances();
      await machine(kept).reimage();
      await eventually('its agent is back', () => logged(kept, 'agent-started') === 2, 60_000);
      await eventually('it serves', () => listens(machine(kept).signalPort), 60_000);
      await eventually('it says so', () => status(kept)?.phase === 'serving', 60_000);
      assert.equal(logged(kept, 'media-signalled'), 0);

      const victim = await draining();
      const node = machine(victim);
      const agents = logged(victim, 'agent-started');
      const held = on.hold(twin);
      await node.reimage();
      await eventually('the agent is back', () => logged(victim, 'agent-started') > agents, 60_000);
      await eventually('it says that it is empty', () => isEmpty(victim), 60_000);
      held.end();
      await eventually('it is gone', () => node.takenAway(), 60_000);
      assert.deepEqual(twin.leaked(), []);
    });
  });
}
