import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import type { TwinCloud } from '../../../lab/cloud/twin-cloud.ts';
import { findPulumi } from '../../../lab/local-stack/pulumi.ts';
import type { Participant } from '../../../lab/media/driver.ts';
import { statusText } from '../pulumi-life/status.ts';
import { type PulumiRig, startRig } from '../pulumi-rig.ts';
import { skipWithoutPulumi } from '../without-pulumi.ts';
import type { LoanRow } from './row.ts';

const program = findPulumi(process.env);
const YES = ['--yes', '--skip-preview'];

/** What an operator does who gives a group to Ebbtide and takes it back, by `docs/moving-a-group.md`. */
export function loanOf<Twin extends TwinCloud>(row: LoanRow<Twin>): void {
  describe(`a group of the operator's own on ${row.name}, by the real Pulumi CLI`, function () {
    this.timeout(480_000);
    let rig: PulumiRig<Twin>;
    let was: unknown;
    let old = '';
    let joined: string[] = [];
    let calls: Participant[] = [];

    before(async function () {
      if (program === undefined) {
        return skipWithoutPulumi(this);
      }
      rig = await startRig(row, program);
      await rig.does('stack', 'init', 'test');
      for (const [key, value] of Object.entries(row.settings)) rig.set(key, value);
      await rig.setSecrets();
      await rig.until('their machine serves', () => rig.inService().length === 1);
      [old = ''] = rig.inService();
      was = rules();
    });
    after(() => rig?.close());
    // Each goes on where the one before it left the stack.
    afterEach(function () {
      if (this.currentTest?.state === 'failed')
        throw new Error('what follows is left out: the stack is not as it expects');
    });

    const rules = () => row.rules(rig.cloud.twin);
    const output = async (name: string) => (await rig.does('stack', 'output', name)).stdout;
    const says = (node: string, what: string) => statusText(rig, row.bucket, node)?.includes(what) ?? false;
    const goesOn = async (call: Participant) =>
      assert.equal((await Promise.race([call.ended, 'goes on'])) as unknown, 'goes on');

    it('previews it, and has changed nothing', async () => {
      const { output: told } = await rig.does('preview');
      assert.match(told, /-group-rules/);
      assert.deepEqual(rules(), was);
    });

    it('is refused while something of it ends machines with the calls on them', async () => {
      row.refusal.spoil(rig.cloud.twin);
      const { code, output: told } = await rig.pulumi('up', ...YES);
      assert.notEqual(code, 0);
      assert.match(told, row.refusal.says);
      assert.deepEqual(rig.cloud.account.resources(), []);
      row.refusal.mend(rig.cloud.twin);
      assert.deepEqual(rules(), was);
    });

    if (row.failHalfway !== undefined) {
      it('gives back on destroy what an `up` that failed half-way has changed', async () => {
        const fault = row.failHalfway?.(rig.cloud.twin);
        const { code, output: told } = await rig.pulumi('up', ...YES);
        assert.notEqual(code, 0);
        assert.match(told, /-group-rules \*\*creating failed\*\*/);
        assert.notDeepEqual(rules(), was);
        fault?.end();
        await rig.does('destroy', ...YES);
        assert.deepEqual(rules(), was);
        assert.deepEqual(rig.cloud.account.resources(), []);
      });
    }

    it('borrows its rules, and changes nothing when it is applied again', async () => {
      await rig.does('up', ...YES);
      row.assertBorrowed(rig.cloud.twin);
      const again = await rig.does('up', ...YES);
      assert.match(again.output, /\d+ unchanged/);
      assert.doesNotMatch(again.output, /\d+ (created|updated|deleted|replaced)|\d+ to /);
      assert.deepEqual(rig.inService(), [old]);
    });

    if (row.takeBack !== undefined) {
      it('sees at preview that something else took its rules back, and borrows them again', async () => {
        row.takeBack?.(rig.cloud.twin);
        const { output: told } = await rig.does('preview');
        assert.match(told, /-group-rules/);
        await rig.does('up', ...YES);
        row.assertBorrowed(rig.cloud.twin);
      });
    }

    it('tells what to add, with which new machines of theirs become nodes', async () => {
      assert.match(await output('toAdd'), /pulumi stack output nodeUserData/);
      assert.match(await output('nodeUserData'), /sha256sum --check/);
      row.bootWith(rig.cloud.twin, await output('nodeScript'));
      rig.cloud.twin.setDesiredCapacity(3);
      await rig.until('two of them serve', () => {
        joined = rig.inService().filter((node) => node !== old && says(node, '"phase":"serving"'));
        return joined.length === 2;
      });
    });

    it('drains who leaves, refuses to part from it meanwhile, and leaves unknown machines alone', async () => {
      const [ann] = await rig.meet('standup', 'ann');
      const [bob] = await rig.meet('retro', 'bob');
      assert.ok(ann && bob);
      calls = [ann, bob];
      assert.deepEqual(calls.map(({ node }) => node.id).sort(), [...joined].sort());
      await rig.until('they say so', () => joined.every((node) => says(node, '"people":1')));
      row.shrink(rig.cloud.twin, joined);
      let leaving = '';
      await rig.until('one drains', () => {
        leaving = joined.find((node) => says(node, '"phase":"draining"')) ?? '';
        return leaving !== '';
      });
      assert.ok(rig.inService().includes(old));
      assert.equal(rig.inService().length, 2);

      const before = rig.cloud.account.resources();
      const { code, output: told } = await rig.pulumi('destroy', ...YES);
      assert.notEqual(code, 0);
      assert.match(told, /calls are on 1 of its 1 nodes that are leaving/);
      assert.match(told, row.leaving(leaving));
      assert.deepEqual(rig.cloud.account.resources(), before);
      for (const call of calls) await goesOn(call);

      await calls.find(({ node }) => node.id === leaving)?.hangUp();
      calls = calls.filter(({ node }) => node.id !== leaving);
      await rig.until(
        'it has left',
        () => rig.cloud.twin.instances().find(({ id }) => id === leaving)?.running === false,
      );
    });

    it('parts from it with people in calls on what serves: the group and its machines are as they were', async () => {
      assert.equal(calls.length, 1);
      const serving = rig.inService();
      // A group that wants fewer than it has, ends machines as soon as it goes by its own rules again.
      rig.cloud.twin.setDesiredCapacity(serving.length);
      await rig.does('destroy', ...YES);
      assert.deepEqual(rig.cloud.account.resources(), []);
      assert.deepEqual(rules(), was);
      assert.deepEqual(rig.inService(), serving);
      for (const call of calls) await goesOn(call);
      const { stdout } = await rig.does('stack', 'export');
      assert.ok(!stdout.includes('"urn"'), 'the state has nothing left');
    });
  });
}
