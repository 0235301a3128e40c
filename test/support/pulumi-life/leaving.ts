import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import type { TwinCloud } from '../../../lab/cloud/twin-cloud.ts';
import { findPulumi } from '../../../lab/local-stack/pulumi.ts';
import type { Participant } from '../../../lab/media/driver.ts';
import { type PulumiRig, startRig, YES } from '../pulumi-rig.ts';
import { skipWithoutPulumi } from '../without-pulumi.ts';
import { assertRefuses, DRAINING, ONE_BUSY, ONE_SILENT, refusal, SERVING, SILENT } from './refusal.ts';
import type { LifeRow } from './row.ts';
import { assertNothingLeft, busyNode, says, silence } from './standing.ts';
import { wordsIn } from './words.ts';

const program = findPulumi(process.env);

/** What a destroy does while nodes are leaving: by the same words and the same end on every cloud. */
export function leavingOf<Twin extends TwinCloud>(row: LifeRow<Twin>): void {
  describe(`a stack on ${row.name} is destroyed while nodes leave, by the real Pulumi CLI`, function () {
    this.timeout(480_000);
    let rig: PulumiRig<Twin>;
    let calls: Participant[] = [];
    /** The one that leaves. */
    let node = '';

    before(async function () {
      if (program === undefined) return skipWithoutPulumi(this);
      rig = await startRig(row, program);
      await rig.does('stack', 'init', 'test');
      for (const [key, value] of Object.entries(row.settings ?? {})) rig.set(key, value);
      await rig.setSecrets();
      await rig.does('up', ...YES);
      await rig.until('two nodes serve', () => rig.inService().length === 2);
      rig.cloud.twin.setDesiredCapacity(3);
      await rig.until('a third serves', () => rig.inService().length === 3);
      calls = await rig.meet('standup', 'ann', 'bob');
      await rig.until('a node tells of the call', () => busyNode(rig, row) !== undefined);
      node = busyNode(rig, row) ?? '';
      row.stopEnding(rig.cloud.twin);
    });
    after(() => rig?.close());
    // Each goes on where the one before it left the stack.
    afterEach(function () {
      if (this.currentTest?.state === 'failed')
        throw new Error('what follows is left out: the stack is not as it expects');
    });

    it('refuses while a node drains with a call on it, as the cloud wants it to', async () => {
      row.letGo(rig, node);
      await rig.until('it drains', () => says(rig, row, node, '"phase":"draining"'));
      assert.ok((await assertRefuses(rig, row, refusal(ONE_BUSY, DRAINING))).includes(node));
    });

    it('refuses while a machine that the cloud has given up runs on with its call', async () => {
      row.giveUp(rig, node);
      assert.ok((await assertRefuses(rig, row, refusal(ONE_BUSY, DRAINING))).includes(node));
    });

    it('refuses where a node does not speak, and not for one that is empty and kept', async () => {
      for (const call of calls) await call.hangUp();
      await rig.until('it is empty, and nobody ends it', () => says(rig, row, node, '"phase":"empty"'));
      const others = rig.inService().filter((each) => each !== node);
      const nobodyIsOnThem = () => others.every((each) => says(rig, row, each, '"people":0'));
      await rig.until('nobody is on the others', nobodyIsOnThem);
      const [silent = ''] = others;
      const speakAgain = silence(rig, row, silent);
      assert.ok((await assertRefuses(rig, row, refusal(ONE_SILENT, SILENT))).includes(silent));
      speakAgain();
      await rig.until('it speaks again', nobodyIsOnThem);
    });

    it('once begun, says of a call that came meanwhile, waits for it, and leaves nothing', async () => {
      const held = row.holdDestroy(rig.cloud.twin);
      const destroy = rig.begin('destroy', ...YES);
      await rig.until('it has begun', () => held.spoiled() > 0);
      let late: Participant[] = [];
      try {
        late = await rig.meet('late', 'cat', 'dan');
        await rig.until('a node tells of the call', () => busyNode(rig, row) !== undefined);
        const busy = busyNode(rig, row) ?? '';
        held.end();
        const waits = 'the pool media is being destroyed: ';
        await rig.until('it says on whom it waits', () => destroy.output().includes(`${busy} (`));
        const [why = '', whom] = wordsIn(destroy.output(), waits, ', 1 rooms, 2 people');
        assert.match(
          why,
          /(N machines are|1 machine is) still there\. The destroy waits for \w+, for TIME at most\.$/,
        );
        // On AWS alone the cloud has it drain already.
        assert.ok(whom === SERVING || whom === DRAINING, whom);
        const ends = await Promise.race([...late.map(({ ended }) => ended), 'goes on']);
        assert.equal(ends as unknown, 'goes on');
      } finally {
        held.end();
        for (const call of late) await call.hangUp();
      }
      const { code, output } = await destroy.ended;
      assert.equal(code, 0, output);
      await assertNothingLeft(rig, row);
    });
  });
}
