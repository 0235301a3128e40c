import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import * as v from 'valibot';
import type { TwinCloud } from '../../../lab/cloud/twin-cloud.ts';
import { findPulumi, type PulumiResult } from '../../../lab/local-stack/pulumi.ts';
import { type PulumiRig, SECRETS, startRig, YES } from '../pulumi-rig.ts';
import { skipWithoutPulumi } from '../without-pulumi.ts';
import { assertRefuses, ONE_BUSY, ONE_SILENT, refusal, SERVING, SILENT } from './refusal.ts';
import type { LifeRow } from './row.ts';
import { assertNothingLeft, busyNode, processesOf, silence, sizes } from './standing.ts';

const program = findPulumi(process.env);

/** What an operator does with a stack, from its first preview to its destroy. */
export function lifeOf<Twin extends TwinCloud>(row: LifeRow<Twin>): void {
  describe(`the life of a stack on ${row.name}, by the real Pulumi CLI`, function () {
    // One step on DigitalOcean waits for a run of its function to its limit, by the real clock.
    this.timeout(360_000);
    let rig: PulumiRig<Twin>;

    function assertNothingSecret(text: string): void {
      const secrets = [...Object.values(SECRETS), ...(row.secrets?.(rig) ?? [])];
      for (const secret of secrets.filter((each) => each !== ''))
        assert.ok(!text.includes(secret), 'a secret is told in plain text');
    }

    before(async function () {
      if (program === undefined) {
        return skipWithoutPulumi(this);
      }
      rig = await startRig(row, program);
      await rig.does('stack', 'init', 'test');
      for (const [key, value] of Object.entries(row.settings ?? {})) rig.set(key, value);
    });
    after(() => rig?.close());
    // Each goes on where the one before it left the stack. (Mocha's `bail` would end every other file's tests too.)
    afterEach(function () {
      if (this.currentTest?.state === 'failed')
        throw new Error('what follows is left out: the stack is not as it expects');
    });

    it('tells all that is wrong with the settings at once, before anything is made', async () => {
      const [pool, media] = [rig.section('ebbtide:pool'), rig.section('ebbtide:media')];
      rig.set('ebbtide:pool', { name: 'Media!', min: 3, max: 1 });
      rig.set('ebbtide:media', { kind: 'livekit' });
      rig.set('ebbtide:onDestroy', 'perhaps');
      const { code, output } = await rig.pulumi('up', ...YES);
      assert.notEqual(code, 0);
      for (const told of ['pool.name', 'pool.min', 'ebbtide:media has nothing', 'ebbtide:onDestroy']) {
        assert.ok(output.includes(told), `${told} is not told in:\n${output}`);
      }
      assert.deepEqual(rig.cloud.account.resources(), []);
      rig.set('ebbtide:pool', pool);
      rig.set('ebbtide:media', media);
      rig.set('ebbtide:onDestroy', 'refuse');
      await rig.setSecrets();
    });

    it('previews what it will make: nothing is unknown that can be known, nothing secret is told', async () => {
      const { stdout, output } = await rig.does('preview', '--json');
      assertNothingSecret(output);
      assertNothingSecret((await rig.does('preview', '--diff')).output);
      const steps = readSteps(stdout).filter(({ type }) => type !== 'pulumi:pulumi:Stack');
      assert.ok(
        steps.length >= row.resources && steps.every(({ op }) => op === 'create'),
        'everything is new',
      );
      assert.deepEqual(unknownInputs(steps), row.unknownAtFirst, 'inputs that are not known');
    });

    it('makes it, and changes nothing when it is applied again', async () => {
      await rig.does('up', ...YES);
      if (!row.servesAfterUp) await rig.until('two nodes serve', () => rig.inService().length === 2);
      assert.equal(rig.inService().length, 2);
      const again = await rig.does('up', ...YES);
      assert.deepEqual(changesIn(again), []);
      assertNothingSecret(again.output);
      const refreshed = await rig.does('refresh', ...YES);
      assert.deepEqual(changesIn(refreshed), []);
    });

    it('keeps no secret in plain text in its state', async () => {
      assert.ok(row.secrets?.(rig).every((secret) => secret !== '') ?? true);
      const { stdout } = await rig.does('stack', 'export');
      assertNothingSecret(stdout);
      assert.ok(stdout.includes('"ciphertext"'), 'the secrets are there, encrypted');
    });

    it('changes what a setting says and nothing else, and disturbs no call', async () => {
      const calls = await rig.meet('standup', 'ann', 'bob');
      const processes = processesOf(rig);

      rig.set('ebbtide:scaling', { ...rig.section('ebbtide:scaling'), target: 60 });
      assert.deepEqual(changesIn(await rig.does('up', ...YES)), row.touched.target);
      assert.equal(row.target(rig.cloud.twin), 60);

      // A size that the autoscaler chose is the autoscaler's to keep.
      rig.cloud.twin.setDesiredCapacity(3);
      await rig.until('a third node serves', () => rig.inService().length === 3);
      const { min, max = 0 } = sizes(rig);
      const pool = rig.section('ebbtide:pool');
      rig.set('ebbtide:pool', { ...pool, max: Number(pool.max) + 1 });
      assert.deepEqual(changesIn(await rig.does('up', ...YES)), row.touched.max);
      assert.deepEqual(sizes(rig), { min, max: max + 1, desired: 3 });

      const before = row.template(rig.cloud.twin);
      const media = rig.section('ebbtide:media');
      rig.set('ebbtide:media', { ...media, config: `${String(media.config)}# another\n` });
      const changed = await rig.does('up', ...YES);
      assert.deepEqual(changesIn(changed), row.touched.template);
      assert.notEqual(row.template(rig.cloud.twin), before);

      for (const [unit, pid] of processes) assert.equal(processesOf(rig).get(unit), pid, unit);
      assert.ok(calls.every((call) => call.reconnects() === 0));
      assert.equal(
        (await Promise.race([...calls.map(({ ended }) => ended), 'goes on'])) as unknown,
        'goes on',
      );
    });

    it('says that another name is another pool', async () => {
      const pool = rig.section('ebbtide:pool');
      const network = rig.section('ebbtide:network');
      rig.set('ebbtide:pool', { ...pool, name: 'other' });
      rig.set('ebbtide:network', { ...network, ...row.otherNetwork });
      const steps = readSteps((await rig.does('preview', '--json')).stdout);
      const groups = steps.filter(({ type }) => type === row.types.group);
      assert.deepEqual(groups.map(({ op }) => op).sort(), ['create', 'delete']);
      rig.set('ebbtide:pool', pool);
      rig.set('ebbtide:network', network);
    });

    for (const { what, key, setting, says } of row.fixed ?? []) {
      it(`says that ${what} is another pool`, async () => {
        const before = rig.cloud.account.resources();
        const section = rig.section(key);
        rig.set(key, { ...section, ...setting });
        for (const command of [['preview'], ['up', ...YES]]) {
          const { code, output } = await rig.pulumi(...command);
          assert.notEqual(code, 0);
          assert.match(output, says);
        }
        assert.deepEqual(rig.cloud.account.resources(), before);
        rig.set(key, section);
      });
    }

    it('refuses to destroy while people are in calls, and has destroyed nothing', async () => {
      await rig.until('the node says so', () => busyNode(rig, row) !== undefined);
      assert.equal(sizes(rig).desired, 3);
      assert.match(await assertRefuses(rig, row, refusal(ONE_BUSY, SERVING)), row.refusal.busy);
    });

    it('refuses to destroy while a node does not speak', async () => {
      const silent = rig.inService().find((node) => node !== busyNode(rig, row)) ?? '';
      silence(rig, row, silent);
      const told = await assertRefuses(rig, row, refusal(`${ONE_BUSY}, and ${ONE_SILENT}`, SERVING, SILENT));
      assert.ok(told.includes(silent));
    });

    it('cuts what is on when it is told to insist, silent nodes included, and leaves nothing', async () => {
      await rig.does('config', 'set', 'ebbtide:onDestroy', 'cut');
      // What reaches the sweep is the configuration of the last run of the program: it refuses still.
      const stale = await rig.pulumi('destroy', ...YES);
      assert.match(stale.output, /is not destroyed/);
      const { output } = await rig.does('destroy', ...YES, '--run-program');
      assert.match(output, /the pool media is destroyed with every call that is on it/);
      await assertNothingLeft(rig, row);
    });
  });
}

const stepsSchema = v.object({
  steps: v.array(
    v.object({
      op: v.string(),
      urn: v.string(),
      newState: v.optional(v.object({ inputs: v.optional(v.record(v.string(), v.unknown()), {}) })),
    }),
  ),
});

function readSteps(json: string) {
  return v.parse(stepsSchema, JSON.parse(json)).steps.map(({ op, urn, newState }) => {
    const [, , qualified = '', name = ''] = urn.split('::');
    return { op, name, type: qualified.split('$').at(-1) ?? '', inputs: newState?.inputs ?? {} };
  });
}

const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

function unknownInputs(steps: ReturnType<typeof readSteps>): string[] {
  const found = steps.flatMap(({ type, inputs }) =>
    Object.entries(inputs).flatMap(([member, value]) =>
      JSON.stringify(value).includes(UNKNOWN) ? [`${type.split(':').at(-1)}.${member}`] : [],
    ),
  );
  return [...new Set(found)].sort();
}

/** What a run of the CLI changed, as `type name`; the stack and its outputs aside. */
function changesIn({ output }: PulumiResult): string[] {
  const changed = [...output.matchAll(/^ *[-+~]+ +(\S+) (\S+) (?:created|updated|deleted|replaced)\b/gm)];
  const lines = changed.map(([, type, name]) => `${type} ${name}`);
  // What is replaced is told of more than once.
  return [...new Set(lines)].filter((line) => !line.startsWith('pulumi:pulumi:Stack')).sort();
}
