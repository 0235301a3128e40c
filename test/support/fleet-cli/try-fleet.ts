import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { TASKS, type Task } from '../../../cli/rights/task.ts';
import type { TwinCloud } from '../../../lab/cloud/twin-cloud.ts';
import { findPulumi } from '../../../lab/local-stack/pulumi.ts';
import { statusText } from '../pulumi-life/status.ts';
import { type PulumiRig, startRig } from '../pulumi-rig.ts';
import { skipWithoutPulumi } from '../without-pulumi.ts';
import type { FleetCliRow } from './row.ts';

const program = findPulumi(process.env);
const YES = ['--yes', '--skip-preview'];

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

interface Running {
  /** All that it has said by now. */
  said(): string;
  ended: Promise<Ended>;
}

/** An operator's commands as they are typed, with just the rights that `fleet policy` prints for each. */
export function tryFleet<Twin extends TwinCloud>(row: FleetCliRow<Twin>): void {
  describe(`npm run fleet on ${row.name}, on a stack of the real Pulumi CLI`, function () {
    this.timeout(300_000);
    let rig: PulumiRig<Twin>;
    const rights = new Map<Task, Record<string, string>>();

    before(async function () {
      if (program === undefined) {
        return skipWithoutPulumi(this);
      }
      rig = await startRig(row, program);
      await rig.does('stack', 'init', 'test');
      for (const [key, value] of Object.entries(row.settings ?? {})) rig.set(key, value);
      await rig.setSecrets();
      await rig.does('up', ...YES);
      await served(2);
    });
    after(() => rig?.close());
    // Each goes on where the one before it left the pool.
    afterEach(function () {
      if (this.currentTest?.state === 'failed')
        throw new Error('what follows is left out: the pool is not as it expects');
    });

    /** In the stack's folder, as a person does it. `as`: with the rights for that, and no others. */
    function start(as: Task | 'nobody', ...args: string[]): Running {
      const { folder, environment } = rig.project;
      const child = spawn(process.execPath, ['--import', 'tsx', 'cli/main.ts', ...args], {
        cwd: folder,
        env: {
          PATH: `${dirname(program ?? '')}:${process.env.PATH ?? ''}`,
          HOME: process.env.HOME ?? '',
          ...environment,
          ...(as === 'nobody' ? {} : rights.get(as)),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let [out, err] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        err += text;
      });
      const ended = new Promise<Ended>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code) => resolve({ code, out, err }));
      });
      return { said: () => `${out}${err}`, ended };
    }

    async function fleet(as: Task | 'nobody', expected: number, ...args: string[]): Promise<Ended> {
      const ended = await start(as, ...args).ended;
      assert.equal(ended.code, expected, `${args.join(' ')}:\n${ended.out}${ended.err}`);
      return ended;
    }

    /** So many serve, and have said of themselves that they do. */
    function served(count: number): Promise<void> {
      return rig.until(`${count} serve`, () => {
        const nodes = rig.inService();
        return nodes.length === count && nodes.every((node) => told(node)?.includes('"phase":"serving"'));
      });
    }

    const told = (node: string) => statusText(rig, row.types.bucket, node);
    const runs = (node: string) =>
      rig.cloud.twin.instances().some(({ id, running }) => id === node && running);

    it('policy prints what is then enough for each command', async () => {
      for (const task of TASKS) {
        const { out, err } = await fleet('nobody', 0, 'policy', '--for', task);
        rights.set(task, row.person(rig.cloud.twin, { text: out, steps: err.split('\n') }));
      }
    });

    it('status and explain tell of every node', async () => {
      const nodes = rig.inService();
      const { out } = await fleet('status', 0, 'status', '--once');
      const json: { nodes: { node: string; phase: string }[] } = JSON.parse(
        (await fleet('status', 0, 'status', '--json')).out,
      );
      assert.deepEqual(json.nodes.map(({ node }) => node).sort(), nodes.toSorted());
      for (const node of nodes) {
        assert.ok(out.includes(node), out);
        assert.match((await fleet('status', 0, 'explain', node)).out, /is serving/);
      }
    });

    it('who may only look has nobody leave, and is told what is missing', async () => {
      // A signature of a storage account is bounded by nothing; there it is the right to make room that is missing.
      const [node = ''] = rig.inService();
      const { err, out } = await fleet('status', 1, 'remove', node, '--replace');
      assert.match(`${out}${err}`, /your credentials lack .*npm run fleet -- policy/);
      assert.ok(rig.inService().includes(node));
    });

    it('remove says that there is no such node', async () => {
      const { err } = await fleet('remove', 3, 'remove', 'nobody-is-called-so');
      assert.match(err, /there is no node nobody-is-called-so in the pool/);
    });

    it('remove --wait has a node leave that is in a call, once it has ended and not before', async () => {
      const [ann, bob] = await rig.meet('standup', 'ann', 'bob');
      assert.ok(ann && bob);
      let busy: string | undefined;
      await rig.until('the node says so', () => {
        busy = rig.inService().find((node) => told(node)?.includes('"people":2'));
        return busy !== undefined;
      });
      const removing = start('remove', 'remove', busy ?? '', '--wait', '--reason', 'its disk is old');
      await rig.until('it is told that it drains', () =>
        /: draining, 1 rooms, 2 people/.test(removing.said()),
      );
      assert.ok(runs(busy ?? ''));
      const framesBefore = ann.heard().frames;
      await rig.until('the call goes on', () => ann.heard().frames > framesBefore + 3);
      for (const person of [ann, bob]) {
        await person.hangUp();
        assert.deepEqual(await person.ended, { kind: 'hung-up' });
        assert.equal(person.reconnects(), 0);
      }
      const { code, out, err } = await removing.ended;
      assert.equal(code, 0, `${out}${err}`);
      assert.match(out, new RegExp(`${busy} was asked to leave`));
      assert.match(out, new RegExp(`${busy} is gone`));
      assert.ok(!runs(busy ?? ''));
    });

    it('roll --wait replaces whoever has other software than new nodes get', async () => {
      rig.cloud.twin.setDesiredCapacity(2);
      await served(2);
      const media = rig.section('ebbtide:media');
      rig.set('ebbtide:media', { ...media, config: `${String(media.config)}# another\n` });
      await rig.does('up', ...YES);
      const old = rig.inService();
      const { out } = await fleet('roll', 0, 'roll', '--wait');
      for (const node of old) {
        assert.match(out, new RegExp(`${node} is gone`));
        assert.ok(!runs(node));
      }
      await served(2);
      const again = await fleet('roll', 0, 'roll');
      assert.match(again.out, /Nobody is to leave/);
    });

    it('remove --all has all leave but those that are to serve at least', async () => {
      rig.cloud.twin.setDesiredCapacity(3);
      await served(3);
      const asked = await fleet('remove', 3, 'remove', '--all');
      assert.match(asked.err, /say --yes/);
      const { out } = await fleet('remove', 0, 'remove', '--all', '--yes', '--wait');
      assert.match(out, /is gone/);
      assert.equal(rig.inService().length, rig.cloud.twin.size()?.min);
    });
  });
}
