import assert from 'node:assert/strict';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { describeGroup } from '../../fleet/aws/described-group.ts';
import type { Applied } from '../../lab/aws/apply.ts';
import { borrowGroup, giveBackGroup, isBorrowed, noteGroup } from '../../providers/aws/group-loan.ts';
import { operatorClient } from '../../providers/aws/operator-client.ts';
import { runSweep } from '../../providers/aws/run-parting.ts';
import { awsSnippet } from '../../stacks/aws/node-snippet.ts';
import { outOfOrder } from '../support/out-of-order.ts';
import {
  applySmallProgram,
  GROUP,
  LAUNCH_HOOK,
  startTwin,
  TERMINATE_HOOK,
  type TestTwin,
} from './support/aws/twin.ts';
import { describeSnippet } from './support/node-snippet.ts';

const PLACE = { group: GROUP, region: 'eu-west-1' };
const POLICY = 'arn:aws:lambda:eu-west-1:123456789012:function:ebbtide-media-termination-policy';
const FUNCTION = 'ebbtide-media-termination-policy';
const WANTED = {
  function: FUNCTION,
  terminationPolicies: [POLICY, 'Default'],
  metrics: ['GroupTotalInstances'],
};
const NATIVE = { function: FUNCTION, metrics: WANTED.metrics };
const KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

describe('the loan of a group, on the twin AWS', () => {
  let applied: Applied;
  let world: TestTwin;
  let environment: Record<string, string>;

  before(async () => {
    applied = await applySmallProgram({ min: 1, max: 4, initial: 2 });
  });
  beforeEach(async () => {
    world = await startTwin(applied);
    const { accessKeyId, secretAccessKey, sessionToken } = world.twin.assumeOperator();
    environment = { AWS_ENDPOINT_URL: world.twin.endpoint };
    // The SDK that finds an operator's credentials reads the process's own.
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    });
    await until(() =>
      group()
        .instances()
        .every(({ life }) => life.state === 'Pending:Wait'),
    );
    for (const { id } of group().instances())
      group().complete({ instance: id, hook: LAUNCH_HOOK, result: 'CONTINUE' });
    // As somebody else's would be.
    group().change({ terminationPolicies: ['OldestInstance'], terminateHookAbandon: 'terminate' });
  });
  afterEach(async () => {
    for (const key of KEYS) delete process.env[key];
    await world.twin.close();
  });

  function group() {
    const [only] = world.twin.groups();
    return only ?? assert.fail('no group');
  }
  async function until(happens: () => boolean) {
    while (!happens()) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const rules = () => {
    const { terminationPolicies, terminateHookAbandon, enabledMetrics, suspended } = group().group;
    return { terminationPolicies, terminateHookAbandon, enabledMetrics, suspended };
  };
  const loan = async (wanted: object = WANTED) => ({
    ...PLACE,
    before: await noteGroup(PLACE, environment),
    wanted: JSON.stringify(wanted),
  });

  it('notes, changes and gives back, as it was', async () => {
    const was = rules();
    const state = await loan();
    assert.deepEqual(rules(), was, 'to note it changes nothing');
    assert.equal(await isBorrowed(state, environment), false);
    await borrowGroup(state, environment);
    assert.deepEqual(rules(), {
      terminationPolicies: [POLICY, 'Default'],
      terminateHookAbandon: 'retain',
      enabledMetrics: [...was.enabledMetrics, 'GroupTotalInstances'],
      suspended: [],
    });
    assert.equal(await isBorrowed(state, environment), true);
    await borrowGroup(state, environment);
    await giveBackGroup(state, environment);
    assert.deepEqual(rules(), was);
    await giveBackGroup(state, environment);
    assert.deepEqual(rules(), was);
  });

  it('gives back what was noted before a change that was cut short, and not what that left', async () => {
    const was = rules();
    const state = await loan();
    group().change({ terminationPolicies: WANTED.terminationPolicies });
    await borrowGroup(state, environment);
    await giveBackGroup(state, environment);
    assert.deepEqual(rules(), was);
  });

  it('sees that something else took the rules back, and borrows again', async () => {
    const state = await loan();
    await borrowGroup(state, environment);
    group().change({ terminationPolicies: ['Default'] });
    assert.equal(await isBorrowed(state, environment), false);
    await borrowGroup(state, environment);
    assert.equal(await isBorrowed(state, environment), true);
  });

  it("refuses where a function of somebody else's picks, and leaves it alone", async () => {
    const theirs = 'arn:aws:lambda:eu-west-1:123456789012:function:theirs';
    group().change({ terminationPolicies: [theirs] });
    const was = rules();
    await assert.rejects(borrowGroup(await loan(), environment), /somebody else's picks.*theirs.*left alone/);
    assert.deepEqual(rules(), was);
  });

  it('leaves AWS’s own choice alone where that is to stay', async () => {
    const state = await loan({ ...NATIVE, metrics: [] });
    await borrowGroup(state, environment);
    assert.deepEqual(rules().terminationPolicies, ['OldestInstance']);
    assert.equal(rules().terminateHookAbandon, 'retain');
  });

  it('takes its own policy away from among others that were added to it', async () => {
    const state = await loan();
    await borrowGroup(state, environment);
    group().change({ terminationPolicies: [POLICY, 'OldestInstance'] });
    await giveBackGroup(state, environment);
    assert.deepEqual(rules().terminationPolicies, ['OldestInstance']);
  });

  it('leaves what somebody else chose meanwhile to them', async () => {
    const state = await loan();
    await borrowGroup(state, environment);
    group().change({ terminationPolicies: ['NewestInstance'] });
    const [left = '', ...others] = await giveBackGroup(state, environment);
    assert.match(left, /keeps the termination policies NewestInstance.*before, they were OldestInstance/);
    assert.deepEqual(others, []);
    assert.deepEqual(rules().terminationPolicies, ['NewestInstance']);
    assert.equal(rules().terminateHookAbandon, 'terminate');
  });

  it('leaves a lifecycle policy to them that kept machines before, and that they took away', async () => {
    group().change({ terminateHookAbandon: 'retain' });
    const state = await loan();
    await borrowGroup(state, environment);
    group().change({ terminateHookAbandon: 'terminate' });
    const left = await giveBackGroup(state, environment);
    assert.match(left.join(), /ends again whoever leaves/);
    assert.equal(rules().terminateHookAbandon, 'terminate');
    assert.deepEqual(rules().terminationPolicies, ['OldestInstance']);
  });

  it('takes its function away again where AWS is to pick from now on', async () => {
    const state = await loan();
    await borrowGroup(state, environment);
    const native = { ...state, wanted: JSON.stringify(NATIVE) };
    assert.equal(await isBorrowed(native, environment), false);
    await borrowGroup(native, environment);
    assert.deepEqual(rules().terminationPolicies, ['OldestInstance']);
    assert.equal(rules().terminateHookAbandon, 'retain');
    assert.equal(await isBorrowed(native, environment), true);
  });

  it('gives back what a change to it that was cut short has left, by what was noted alone', async () => {
    const was = rules();
    const state = await loan();
    outOfOrder(world.twin.faults, { service: 'autoscaling', action: 'EnableMetricsCollection' });
    await assert.rejects(borrowGroup(state, environment));
    assert.ok(rules().terminationPolicies.includes(POLICY));
    assert.deepEqual(await giveBackGroup(state, environment), []);
    assert.deepEqual(rules(), was);
  });

  it('never gives back a function of a pool that is gone', async () => {
    group().change({ terminationPolicies: [POLICY, 'Default'] });
    const state = await loan();
    await borrowGroup(state, environment);
    await giveBackGroup(state, environment);
    assert.deepEqual(rules().terminationPolicies, ['Default']);
  });

  it('gives back a group that is gone', async () => {
    const state = { ...(await loan()), group: 'another' };
    await giveBackGroup(state, environment);
    assert.equal(await isBorrowed(state, environment), false);
    await assert.rejects(borrowGroup(state, environment), /there is no Auto Scaling group another/);
  });

  it('reads all of a group that the rules are about', async () => {
    const client = operatorClient(PLACE, environment);
    const read = await describeGroup(client, GROUP);
    assert.ok(read);
    assert.deepEqual(read.terminationPolicies, ['OldestInstance']);
    assert.ok(read.hooks.some(({ name, isTerminating }) => name === TERMINATE_HOOK && isTerminating));
    assert.deepEqual(read.sizes, { min: 1, max: 4 });
    assert.equal(read.serviceLinkedRoleArn, group().group.serviceLinkedRole);
    assert.equal(await describeGroup(client, 'another'), undefined);
  });

  describe('parting', () => {
    const part = (onDestroy: 'refuse' | 'cut' = 'refuse') =>
      runSweep(
        { ...PLACE, pool: 'media', terminateHook: TERMINATE_HOOK, bucket: world.bucket },
        onDestroy,
        environment,
      );
    const states = () =>
      group()
        .instances()
        .map(({ life }) => life.state);

    it('leaves what serves alone, and lets nobody begin to leave', async () => {
      await part();
      assert.deepEqual(states(), ['InService', 'InService']);
      assert.deepEqual(group().group.suspended, ['Terminate']);
      group().setDesired(1, 'operator', 'a test');
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.deepEqual(states(), ['InService', 'InService']);
    });

    it('refuses while somebody leaves of whom it is not known what is on them', async () => {
      const [first] = group().instances();
      group().terminate(first?.id ?? '', false);
      await assert.rejects(
        part(),
        /the pool media is not destroyed: of 1 it is not known what is on them[\s\S]*Each leaves|[\s\S]*Nothing has been destroyed/,
      );
      assert.equal(states()[0], 'Terminating:Wait');
      assert.deepEqual(group().group.suspended, []);
    });

    it('ends who is leaving, and nobody else, where it is told to insist', async () => {
      const [first, second] = group().instances();
      group().terminate(first?.id ?? '', false);
      await part('cut');
      assert.match(String(group().find(first?.id ?? '')?.life.state), /^Terminat(ing:Proceed|ed)$/);
      assert.equal(group().find(second?.id ?? '')?.life.state, 'InService');
    });

    it('suspends what the loan then resumes', async () => {
      const state = await loan();
      await borrowGroup(state, environment);
      await part();
      assert.equal(await isBorrowed(state, environment), false);
      await giveBackGroup(state, environment);
      assert.deepEqual([group().group.suspended, group().group.ownTags], [[], {}]);
    });

    it('leaves it suspended where the group would end machines at once, and says so', async () => {
      const state = await loan();
      await borrowGroup(state, environment);
      await part();
      group().setDesired(1, 'operator', 'a test');
      const left = await giveBackGroup(state, environment);
      assert.match(left.join(), /it wants 1 and there are 2.*resume-processes/);
      assert.deepEqual(group().group.suspended, ['Terminate']);
      assert.deepEqual(states(), ['InService', 'InService']);
      group().setDesired(2, 'operator', 'a test');
      assert.deepEqual(await giveBackGroup(state, environment), []);
      assert.deepEqual([group().group.suspended, group().group.ownTags], [[], {}]);
    });

    it('is taken back by a loan that is taken anew', async () => {
      const state = await loan();
      await borrowGroup(state, environment);
      await part();
      await borrowGroup(state, environment);
      assert.deepEqual([group().group.suspended, group().group.ownTags], [[], {}]);
      assert.equal(await isBorrowed(state, environment), true);
    });

    it('leaves suspended what an operator has suspended', async () => {
      const state = await loan();
      await borrowGroup(state, environment);
      group().change({ suspended: ['Terminate'] });
      await part();
      const left = await giveBackGroup(state, environment);
      assert.match(left.join(), /its process Terminate is suspended, by somebody else/);
      assert.deepEqual(group().group.suspended, ['Terminate']);
    });
  });

  it('lets go whoever waits in a hook that is deleted, as AWS does', () => {
    const [first] = group().instances();
    group().terminate(first?.id ?? '', false);
    assert.equal(group().find(first?.id ?? '')?.life.state, 'Terminating:Wait');
    group().change({ hooks: [] });
    assert.match(String(group().find(first?.id ?? '')?.life.state), /^Terminat(ing:Proceed|ed)$/);
  });

  describeSnippet(() => {
    const [machine] = world.machines.values();
    return {
      put: (key, script) => world.twin.putObject(world.bucket, key, script),
      // Without the AWS CLI, which not every image has.
      snippet: (snippet) =>
        awsSnippet({ ...snippet, region: 'eu-west-1', bucket: world.bucket }).replaceAll(
          'command -v aws',
          'false',
        ),
      environment: machine?.spec.environment ?? assert.fail('no machine'),
    };
  });
});
