import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import type { AwsTwin } from '../../lab/aws/aws-twin.ts';
import { startLocalAws } from '../../lab/local-stack/aws-cloud.ts';
import { findPulumi } from '../../lab/local-stack/pulumi.ts';
import { renderCloudConfig } from '../../stacks/user-data.ts';
import { THEIR_GROUP, THEIR_ROLE, theirGroup } from '../support/outside-aws.ts';
import { statusText } from '../support/pulumi-life/status.ts';
import { type PulumiRig, startRig } from '../support/pulumi-rig.ts';
import { skipWithoutPulumi } from '../support/without-pulumi.ts';

const program = findPulumi(process.env);
const YES = ['--yes', '--skip-preview'];
const BUCKET = 'aws:s3/bucket:Bucket';

describe("a group of the operator's own on AWS, by the real Pulumi CLI", function () {
  this.timeout(120_000);
  let rig: PulumiRig<AwsTwin>;
  let was: ReturnType<typeof rules>;
  let old = '';
  let joined = '';

  before(async function () {
    if (program === undefined) {
      return skipWithoutPulumi(this);
    }
    rig = await startRig({ name: 'aws', start: (options) => startLocalAws(options, theirGroup()) }, program);
    await rig.does('stack', 'init', 'test');
    rig.set('ebbtide:pool', { name: 'media', existingGroup: THEIR_GROUP });
    rig.set('ebbtide:aws', { nodeRole: THEIR_ROLE });
    rig.set('ebbtide:scaling', { warmUp: '2s', coolDown: '1s' });
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

  function group() {
    const [only] = rig.cloud.twin.groups();
    return only ?? assert.fail('no group');
  }
  function rules() {
    const { terminationPolicies, terminateHookAbandon, enabledMetrics, suspended, hooks, ownTags } =
      group().group;
    return { terminationPolicies, terminateHookAbandon, enabledMetrics, suspended, hooks, ownTags };
  }
  const output = async (name: string) => (await rig.does('stack', 'output', name)).stdout;

  it('previews it, and has changed nothing', async () => {
    const { output: told } = await rig.does('preview');
    assert.match(told, /media-group-rules/);
    assert.deepEqual(rules(), was);
  });

  it('is refused while a hook of theirs acts on who leaves', async () => {
    const hooks = [
      { name: 'stop', transition: 'terminating', timeoutMs: 60_000, defaultResult: 'CONTINUE' } as const,
    ];
    group().change({ hooks });
    const { code, output: told } = await rig.pulumi('up', ...YES);
    assert.notEqual(code, 0);
    assert.match(told, /its terminate hook stop also does something to machines that leave/);
    assert.deepEqual(rig.cloud.account.resources(), []);
    group().change({ hooks: [] });
  });

  it('borrows its rules, and changes nothing when it is applied again', async () => {
    await rig.does('up', ...YES);
    const { terminationPolicies, terminateHookAbandon, hooks } = rules();
    assert.match(terminationPolicies[0] ?? '', /:function:ebbtide-media-termination-policy$/);
    assert.equal(terminateHookAbandon, 'retain');
    assert.deepEqual(
      hooks.map(({ name }) => name),
      ['ebbtide-media-terminate'],
    );
    const again = await rig.does('up', ...YES);
    assert.match(again.output, /\d+ unchanged/);
    assert.doesNotMatch(again.output, /\d+ (created|updated|deleted|replaced)|\d+ to /);
    assert.deepEqual(rig.inService(), [old]);
  });

  it('sees at preview that something else took its rules back, and borrows them again', async () => {
    group().change({ terminationPolicies: was.terminationPolicies });
    const { output: told } = await rig.does('preview');
    assert.match(told, /media-group-rules/);
    await rig.does('up', ...YES);
    assert.match(rules().terminationPolicies[0] ?? '', /ebbtide-media-termination-policy$/);
  });

  it('tells what to add, with which a new machine of theirs becomes a node', async () => {
    assert.match(await output('toAdd'), /pulumi stack output nodeUserData/);
    assert.match(await output('nodeUserData'), /sha256sum --check/);
    const content = (await output('nodeScript')).trimEnd();
    // In the place of the snippet, which a test of its own runs: an instance of the lab reaches nothing by curl.
    const path = '/opt/theirs/ebbtide-node.sh';
    const userData = renderCloudConfig([{ path, permissions: '0755', content }]).replace(
      /runcmd:[\s\S]*/,
      `runcmd:\n  - [/bin/bash, ${path}]\n`,
    );
    group().change({ template: { ...group().group.template, version: '2', userData } });
    rig.cloud.twin.setDesiredCapacity(2);
    await rig.until('it serves', () => {
      joined = rig.inService().find((id) => id !== old) ?? '';
      return joined !== '' && (statusText(rig, BUCKET, joined)?.includes('"phase":"serving"') ?? false);
    });
  });

  it('drains who leaves, refuses to part from it meanwhile, and leaves unknown machines alone', async () => {
    const [ann] = await rig.meet('standup', 'ann');
    assert.ok(ann);
    assert.equal(ann.node.id, joined);
    await rig.until('it says so', () => statusText(rig, BUCKET, joined)?.includes('"people":1') ?? false);
    rig.cloud.twin.setDesiredCapacity(1);
    await rig.until(
      'it drains',
      () => statusText(rig, BUCKET, joined)?.includes('"phase":"draining"') ?? false,
    );
    assert.deepEqual(rig.inService(), [old]);

    const before = rig.cloud.account.resources();
    const { code, output: told } = await rig.pulumi('destroy', ...YES);
    assert.notEqual(code, 0);
    assert.match(told, /calls are on 1 of its 1 nodes that are leaving/);
    assert.match(
      told,
      new RegExp(`${joined} \\(eu-west-1a, Terminating:Wait\\): draining, 1 rooms, 1 people`),
    );
    assert.deepEqual(rig.cloud.account.resources(), before);
    assert.equal((await Promise.race([ann.ended, 'goes on'])) as unknown, 'goes on');

    await ann.hangUp();
    await rig.until('it has left', () => group().find(joined)?.life.state === 'Terminated');
  });

  it('parts from it with people in calls on what serves: the group and its machines are as they were', async () => {
    rig.cloud.twin.setDesiredCapacity(2);
    await rig.until('another node serves', () => {
      const [node = ''] = rig.inService().filter((id) => id !== old);
      return statusText(rig, BUCKET, node)?.includes('"phase":"serving"') ?? false;
    });
    const [ann] = await rig.meet('retro', 'ann');
    const serving = rig.inService();
    await rig.does('destroy', ...YES);
    assert.deepEqual(rig.cloud.account.resources(), []);
    assert.deepEqual(rules(), was);
    assert.deepEqual(rig.inService(), serving);
    assert.equal((await Promise.race([ann?.ended, 'goes on'])) as unknown, 'goes on');
    const { stdout } = await rig.does('stack', 'export');
    assert.ok(!stdout.includes('"urn"'), 'the state has nothing left');
  });
});
