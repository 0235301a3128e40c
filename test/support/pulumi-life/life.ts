import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import * as v from 'valibot';
import type { TwinCloud } from '../../../lab/cloud/twin-cloud.ts';
import { findPulumi, type PulumiResult } from '../../../lab/local-stack/pulumi.ts';
import { AGENT_UNIT, MEDIA_UNIT, type PulumiRig, SECRETS, startRig } from '../pulumi-rig.ts';
import { skipWithoutPulumi } from '../without-pulumi.ts';
import type { LifeRow } from './row.ts';
import { bucketOf, statusText } from './status.ts';

const program = findPulumi(process.env);
const YES = ['--yes', '--skip-preview'];

/** What an operator does with a stack, from its first preview to its destroy. */
export function lifeOf<Twin extends TwinCloud>(row: LifeRow<Twin>): void {
  describe(`the life of a stack on ${row.name}, by the real Pulumi CLI`, function () {
    this.timeout(row.patienceMs ?? 120_000);
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

    const statusOf = (node: string) => statusText(rig, row.types.bucket, node);

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
      const before = rig.cloud.account.resources();
      const size = sizes(rig);
      const processes = processesOf(rig);
      await rig.until('the node says so', () =>
        rig.inService().some((node) => statusOf(node)?.includes('"people":2')),
      );
      const { code, output } = await rig.pulumi('destroy', ...YES);
      assert.notEqual(code, 0);
      assert.match(output, /the pool media is not destroyed: calls are on 1 of its 3 nodes/);
      assert.match(output, row.refusal.busy);
      assert.match(output, /Nothing has been destroyed/);
      assert.match(output, row.refusal.drainFirst);
      assert.match(output, /ebbtide:onDestroy cut && pulumi destroy --run-program/);
      assert.deepEqual(rig.cloud.account.resources(), before);
      assert.deepEqual(processesOf(rig), processes);
      assert.deepEqual(sizes(rig), size);
      assert.equal(size.desired, 3);
    });

    it('refuses to destroy while a node does not speak', async () => {
      const silent = rig.inService().find((id) => !statusOf(id)?.includes('"people":2')) ?? '';
      const machine = rig.machines.machine(silent);
      assert.ok(machine);
      process.kill(machine.pidOf(AGENT_UNIT), 'SIGSTOP');
      const bucket = bucketOf(rig, row.types.bucket);
      for (const key of rig.cloud.twin.keys(bucket)) {
        if (key.startsWith('statuses/') && key.includes(silent)) rig.cloud.twin.removeObject(bucket, key);
      }
      const { code, output } = await rig.pulumi('destroy', ...YES);
      assert.notEqual(code, 0);
      assert.match(output, /of 1 it is not known what is on them, so calls may be/);
      assert.match(output, new RegExp(`${silent} .*: no status in the registry`));
      assert.match(output, /To insist/);
      assert.equal(rig.inService().length, 3);
    });

    it('cuts what is on when it is told to insist, silent nodes included, and leaves nothing', async () => {
      await rig.does('config', 'set', 'ebbtide:onDestroy', 'cut');
      // What reaches the sweep is the configuration of the last run of the program: it refuses still.
      const stale = await rig.pulumi('destroy', ...YES);
      assert.match(stale.output, /is not destroyed/);
      await rig.does('destroy', ...YES, '--run-program');
      await assertNothingLeft(rig, row);
    });

    it('destroys a pool without calls, machines that left their group included', async () => {
      rig.set('ebbtide:onDestroy', 'refuse');
      await rig.does('up', ...YES);
      const twoAreFree = () =>
        rig.until('two nodes tell that nobody is on them', () => {
          const nodes = rig.inService();
          return nodes.length === 2 && nodes.every((node) => statusOf(node)?.includes('"people":0'));
        });
      await twoAreFree();
      await row.strand(rig);
      await twoAreFree();
      await rig.does('destroy', ...YES);
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

function processesOf(rig: PulumiRig): Map<string, number> {
  return new Map(
    rig
      .inService()
      .flatMap((id) =>
        [AGENT_UNIT, MEDIA_UNIT].map((unit) => [
          `${unit} of ${id}`,
          rig.machines.machine(id)?.pidOf(unit) ?? 0,
        ]),
      ),
  );
}

function sizes(rig: PulumiRig) {
  const { min, max, desired } = rig.cloud.twin.size() ?? {};
  return { min, max, desired };
}

async function assertNothingLeft<Twin extends TwinCloud>(
  rig: PulumiRig<Twin>,
  row: LifeRow<Twin>,
): Promise<void> {
  assert.deepEqual(row.left?.(rig.cloud.twin) ?? [], []);
  assert.deepEqual(rig.cloud.account.resources(), []);
  assert.equal(rig.cloud.twin.size(), undefined);
  assert.deepEqual(
    rig.cloud.twin.instances().filter(({ running }) => running),
    [],
  );
  const { stdout } = await rig.does('stack', 'export');
  assert.ok(!stdout.includes('"urn"'), 'the state has nothing left');
}
