import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { describeGroup } from '../../fleet/aws/described-group.ts';
import type { Applied } from '../../lab/aws/apply.ts';
import { borrowGroup, giveBackGroup, isBorrowed, noteGroup } from '../../providers/aws/group-loan.ts';
import { operatorClient } from '../../providers/aws/operator-client.ts';
import { runSweep } from '../../providers/aws/run-parting.ts';
import { awsSnippet } from '../../stacks/aws/node-snippet.ts';
import {
  applySmallProgram,
  GROUP,
  LAUNCH_HOOK,
  NODE_ROLE,
  startTwin,
  TERMINATE_HOOK,
  type TestTwin,
} from './support/aws/twin.ts';

const PLACE = { group: GROUP, region: 'eu-west-1' };
const POLICY = 'arn:aws:lambda:eu-west-1:123456789012:function:ebbtide-media-termination-policy';
const WANTED = { terminationPolicies: [POLICY, 'Default'], metrics: ['GroupTotalInstances'] };
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
    const state = await loan({ metrics: [] });
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
    await giveBackGroup(state, environment);
    assert.deepEqual(rules().terminationPolicies, ['NewestInstance']);
    assert.equal(rules().terminateHookAbandon, 'terminate');
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
      await giveBackGroup(state, environment);
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

  describe('the snippet for user-data', () => {
    const run = promisify(execFile);
    const SCRIPT = '#!/bin/bash\necho ran > "$EBBTIDE_ROOT/ran"\n';
    let root: string;
    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), 'ebbtide-snippet-'));
    });
    afterEach(() => rmSync(root, { recursive: true, force: true }));

    async function boot(sha256: string) {
      const key = 'software/ebbtide-node-0123.sh';
      world.twin.putObject(world.bucket, key, SCRIPT);
      const { instance, imds } = await metadata();
      // Without the AWS CLI, and without its patience.
      const text = awsSnippet({ pool: 'media', region: 'eu-west-1', bucket: world.bucket, key, sha256 })
        .replaceAll('command -v aws', 'false')
        .replace('seq 40', 'seq 2')
        .replace('sleep 15', 'sleep 0');
      const { stderr } = await run('bash', ['-c', text], {
        env: {
          PATH: process.env.PATH,
          EBBTIDE_ROOT: root,
          AWS_ENDPOINT_URL: world.twin.endpoint,
          AWS_EC2_METADATA_SERVICE_ENDPOINT: imds,
        },
      });
      return { stderr, instance };
    }

    async function metadata() {
      const [instance] = group().instances();
      assert.ok(instance);
      const { startLocalServer } = await import('../unit/support/local-server.ts');
      const keys = world.twin.assume(NODE_ROLE, instance.id);
      const server = await startLocalServer(({ path, headers }) => {
        if (path === '/latest/api/token') return { status: 200, body: 'token' };
        assert.equal(headers['x-aws-ec2-metadata-token'], 'token');
        const role = '/latest/meta-data/iam/security-credentials/';
        if (path === role) return { status: 200, body: NODE_ROLE };
        assert.equal(path, role + NODE_ROLE);
        const told = {
          Code: 'Success',
          AccessKeyId: keys.accessKeyId,
          SecretAccessKey: keys.secretAccessKey,
        };
        return { status: 200, body: JSON.stringify({ ...told, Token: keys.sessionToken }, undefined, 2) };
      });
      servers.push(server);
      return { instance: instance.id, imds: server.url };
    }
    const servers: { close(): Promise<void> }[] = [];
    after(() => Promise.all(servers.map((server) => server.close())));

    it('fetches the script with the rights of the machine, and runs it', async () => {
      const { stderr } = await boot(createHash('sha256').update(SCRIPT).digest('hex'));
      assert.doesNotMatch(stderr, /ebbtide/);
      assert.equal(readFileSync(join(root, 'ran'), 'utf8'), 'ran\n');
    });

    it('runs nothing that has another sum, says so, and lets the rest of user-data go on', async () => {
      const { stderr } = await boot('0'.repeat(64));
      assert.match(stderr, /is not what it was: 0{64}[\s\S]*this machine is no node of the pool media/);
      assert.equal(existsSync(join(root, 'ran')), false);
    });
  });
});
