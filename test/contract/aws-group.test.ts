import assert from 'node:assert/strict';
import * as v from 'valibot';
import { type AwsClient, AwsError } from '../../fleet/aws/client.ts';
import { callQuery, memberList, type QueryValue } from '../../fleet/aws/query.ts';
import type { Applied } from '../../lab/aws/apply.ts';
import type { AwsEvent } from '../../lab/aws/events.ts';
import type { LifecycleState } from '../../lab/aws/lifecycle.ts';
import {
  applySmallProgram,
  FUNCTION_ROLE,
  GROUP,
  LAUNCH_HOOK,
  NODE_ROLE,
  startTwin,
  TERMINATE_HOOK,
  type TestTwin,
  type TestTwinOptions,
} from './support/aws/twin.ts';
import { ofKind, until } from './support/quiet-run.ts';

const FIRST_OFFERED = `exports.handler = async (event) => ({
  InstanceIDs: event.Instances.slice(0, event.CapacityToTerminate.reduce((sum, { Capacity }) => sum + Capacity, 0))
    .map(({ InstanceId }) => InstanceId),
});`;

const describedGroups = v.object({
  AutoScalingGroups: memberList(
    v.object({
      DesiredCapacity: v.string(),
      Instances: memberList(v.object({ InstanceId: v.string(), LifecycleState: v.string() })),
    }),
  ),
});

describe('the twin Auto Scaling group', () => {
  let applied: Applied;
  let world: TestTwin;

  afterEach(() => world?.twin.close());

  async function start(
    pool: { min: number; max: number; initial: number; target?: number },
    policy = FIRST_OFFERED,
    options: TestTwinOptions = {},
  ): Promise<void> {
    applied = await applySmallProgram(pool, policy);
    world = await startTwin(applied, options);
  }

  function idsIn(state: LifecycleState): string[] {
    return world.twin
      .instances()
      .filter((instance) => instance.state === state)
      .map(({ id }) => id);
  }

  function happened<Kind extends AwsEvent['kind']>(kind: Kind): Extract<AwsEvent, { kind: Kind }>[] {
    return ofKind(world.events, kind);
  }

  function call(action: string, input: { [name: string]: QueryValue }, client: AwsClient): Promise<unknown> {
    return callQuery(client, 'autoscaling', action, input, v.unknown());
  }

  function complete(id: string, hook: string, result = 'CONTINUE', session = id): Promise<unknown> {
    return call(
      'CompleteLifecycleAction',
      { AutoScalingGroupName: GROUP, LifecycleHookName: hook, InstanceId: id, LifecycleActionResult: result },
      world.client(NODE_ROLE, session),
    );
  }

  function heartbeat(id: string): Promise<unknown> {
    return call(
      'RecordLifecycleActionHeartbeat',
      { AutoScalingGroupName: GROUP, LifecycleHookName: TERMINATE_HOOK, InstanceId: id },
      world.client(NODE_ROLE, id),
    );
  }

  function terminate(id: string, decrement: boolean): Promise<unknown> {
    return call(
      'TerminateInstanceInAutoScalingGroup',
      { InstanceId: id, ShouldDecrementDesiredCapacity: decrement },
      world.client(FUNCTION_ROLE, 'watcher'),
    );
  }

  async function allInService(count: number): Promise<string[]> {
    const waiting = await until(`${count} instances wait for their launch hook`, () => {
      const ids = idsIn('Pending:Wait');
      return ids.length === count && ids;
    });
    for (const id of waiting) await complete(id, LAUNCH_HOOK);
    assert.equal(idsIn('InService').length, count);
    return waiting;
  }

  async function oneDraining(): Promise<string> {
    const [id] = await until('one is to go', () => {
      const ids = idsIn('Terminating:Wait');
      return ids.length === 1 && ids;
    });
    return id ?? '';
  }

  it('launches evenly, and takes into service what says that it is ready', async () => {
    await start({ min: 1, max: 4, initial: 3 });
    await allInService(3);
    const zones = world.twin.instances().map(({ zone }) => zone);
    assert.deepEqual(zones, ['eu-west-1a', 'eu-west-1b', 'eu-west-1a']);
    assert.deepEqual(world.twin.refused(), []);
  });

  it('scales in by asking the policy, and waits for the drained node to say that it is empty', async () => {
    await start({ min: 1, max: 4, initial: 2 });
    await allInService(2);
    world.twin.setDesiredCapacity(1);
    const victim = await oneDraining();
    const [invocation] = happened('invoked').filter((event) => event.function.endsWith('termination-policy'));
    assert.deepEqual(invocation?.event, {
      AutoScalingGroupARN: applied.model.groups[0]?.arn,
      AutoScalingGroupName: GROUP,
      CapacityToTerminate: [
        { AvailabilityZone: 'eu-west-1a', Capacity: 1, InstanceMarketOption: 'on-demand' },
      ],
      Instances: [
        {
          AvailabilityZone: 'eu-west-1a',
          InstanceId: victim,
          InstanceType: 'c7i.large',
          InstanceMarketOption: 'on-demand',
        },
      ],
      Cause: 'SCALE_IN',
    });
    assert.deepEqual(
      happened('decision').map(({ instance, cause }) => ({ instance, cause })),
      [{ instance: victim, cause: 'SCALE_IN' }],
    );
    await heartbeat(victim);
    assert.equal(world.machines.get(victim)?.on, true);
    await complete(victim, TERMINATE_HOOK);
    await until('the machine is off', () => world.machines.get(victim)?.on === false);
    await until('the instance is gone', () => idsIn('Terminated').includes(victim));
    assert.deepEqual(world.twin.leaked(), []);
    assert.equal(world.twin.instances().length, 2, 'nothing is launched in its place');
  });

  it('describes its instances as AWS does, without those that are gone', async () => {
    await start({ min: 1, max: 4, initial: 2 });
    const [first = ''] = await allInService(2);
    await terminate(first, true);
    await complete(first, TERMINATE_HOOK);
    await until('it is gone', () => idsIn('Terminated').includes(first));
    const client = world.client(FUNCTION_ROLE, 'watcher');
    const input = { AutoScalingGroupNames: [GROUP] };
    const { AutoScalingGroups } = await callQuery(
      client,
      'autoscaling',
      'DescribeAutoScalingGroups',
      input,
      describedGroups,
    );
    assert.equal(AutoScalingGroups[0]?.DesiredCapacity, '1');
    assert.deepEqual(
      AutoScalingGroups[0]?.Instances.map(({ LifecycleState }) => LifecycleState),
      ['InService'],
    );
  });

  it('retains what was abandoned, ends it only without decrement, and by way of a fresh hook', async () => {
    await start({ min: 0, max: 2, initial: 1 });
    const [id = ''] = await allInService(1);
    world.twin.setDesiredCapacity(0);
    await oneDraining();
    await complete(id, TERMINATE_HOOK, 'ABANDON');
    assert.deepEqual(idsIn('Terminating:Retained'), [id]);
    assert.deepEqual(world.twin.leaked(), [id]);
    assert.equal(world.machines.get(id)?.on, true);
    await assert.rejects(complete(id, TERMINATE_HOOK), /No active Lifecycle Action found/);
    await assert.rejects(terminate(id, true), /ValidationError/);
    await terminate(id, false);
    assert.deepEqual(idsIn('Terminating:Wait'), [id]);
    assert.deepEqual(world.twin.leaked(), []);
    await complete(id, TERMINATE_HOOK);
    await until('it is gone', () => idsIn('Terminated').includes(id));
    assert.equal(happened('decision').length, 1, 'one drain is one decision');
    assert.deepEqual(world.twin.refused(), []);
  });

  it('retains what does not answer in time, by its own clock', async () => {
    // An hour is a second.
    await start({ min: 0, max: 2, initial: 1 }, FIRST_OFFERED, { factor: 3600 });
    const [id = ''] = await until(
      'it waits to launch',
      () => idsIn('Pending:Wait').length === 1 && idsIn('Pending:Wait'),
    );
    await complete(id, LAUNCH_HOOK).catch(() => undefined);
    world.twin.setDesiredCapacity(0);
    await until('it is retained', () => idsIn('Terminating:Retained').includes(id));
  });

  it('lets nothing go while its policy says "not yet", fails, or is too slow; and asks again', async () => {
    const policies = [
      { policy: `exports.handler = async () => ({ InstanceIDs: [] });`, asked: 2 },
      { policy: `exports.handler = async () => { throw new Error('no idea'); };`, asked: 2 },
      {
        policy: `exports.handler = async (event) => new Promise((resolve) =>
          setTimeout(resolve, 2500, { InstanceIDs: [event.Instances[0].InstanceId] }));`,
        asked: 1,
      },
    ];
    for (const { policy, asked } of policies) {
      await start({ min: 1, max: 2, initial: 2 }, policy, { factor: 60 });
      await allInService(2);
      world.twin.setDesiredCapacity(1);
      await until(`it was asked ${asked} times`, () => {
        const answers = [...happened('invoked'), ...happened('invocation-failed')];
        return answers.filter((event) => event.function.endsWith('termination-policy')).length >= asked;
      });
      assert.equal(idsIn('InService').length, 2);
      await world.twin.close();
    }
    assert.match(happened('invocation-failed')[0]?.problem ?? '', /no answer within 2000 ms/);
  });

  it('cancels what was asked for when more are desired again before the policy gave them', async () => {
    const slow = `exports.handler = async (event) => new Promise((resolve) =>
      setTimeout(resolve, 300, { InstanceIDs: event.Instances.slice(0, 1).map(({ InstanceId }) => InstanceId) }));`;
    await start({ min: 1, max: 2, initial: 2 }, slow);
    await allInService(2);
    world.twin.setDesiredCapacity(1);
    world.twin.setDesiredCapacity(2);
    await until('the policy has answered', () => happened('invoked').length > 0);
    assert.equal(idsIn('InService').length, 2);
  });

  it('replaces by the cause that it is told, and launches in its place', async () => {
    await start({ min: 1, max: 2, initial: 1 });
    const [id = ''] = await allInService(1);
    world.twin.replaceOne('INSTANCE_REFRESH');
    assert.equal(await oneDraining(), id);
    assert.equal(happened('decision')[0]?.cause, 'INSTANCE_REFRESH');
    await until('another comes', () => idsIn('Pending:Wait').length === 1);
  });

  it('replaces an unhealthy one past the policy, but not past the hook', async () => {
    await start({ min: 1, max: 2, initial: 1 }, `exports.handler = async () => ({ InstanceIDs: [] });`);
    const [id = ''] = await allInService(1);
    world.twin.markUnhealthy(id);
    assert.deepEqual(idsIn('Terminating:Wait'), [id]);
    await until('another comes', () => idsIn('Pending:Wait').length === 1);
  });

  it('grows and shrinks with the CPU, not counting what drains', async () => {
    let cpu = 90;
    await start({ min: 1, max: 3, initial: 2, target: 50 }, FIRST_OFFERED, { factor: 1200, cpu: () => cpu });
    const launching = setInterval(() => {
      for (const id of idsIn('Pending:Wait')) complete(id, LAUNCH_HOOK).catch(() => undefined);
    }, 5);
    try {
      await until('three are in service', () => idsIn('InService').length === 3);
      cpu = 5;
      await until('one is desired', () => world.twin.size()?.desired === 1);
      await until('two drain', () => idsIn('Terminating:Wait').length === 2);
    } finally {
      clearInterval(launching);
    }
    const changes = happened('desired').map(({ from, to, by }) => ({ from, to, by }));
    assert.deepEqual(changes, [
      { from: 2, to: 3, by: 'target-tracking' },
      { from: 3, to: 1, by: 'target-tracking' },
    ]);
  });

  it('replaces a machine that died, and does not count it as leaked', async () => {
    await start({ min: 1, max: 2, initial: 1 }, FIRST_OFFERED, { factor: 600 });
    const [id = ''] = await allInService(1);
    await world.twin.crash(id);
    await until(
      'it is seen and replaced',
      () => idsIn('Terminated').includes(id) && idsIn('Pending:Wait').length === 1,
    );
    assert.deepEqual(world.twin.leaked(), []);
  });

  it('takes a spot machine back when its notice is over, whatever is on it', async () => {
    await start({ min: 1, max: 2, initial: 1 }, FIRST_OFFERED, { factor: 600 });
    const [id = ''] = await allInService(1);
    world.twin.reclaimSpot(id);
    assert.equal(happened('decision')[0]?.cause, 'SPOT');
    await until('the machine is off', () => world.machines.get(id)?.on === false);
  });

  it('lets a node speak for its own group only', async () => {
    await start({ min: 1, max: 2, initial: 1 });
    const [id = ''] = await allInService(1);
    const input = { InstanceId: id, ShouldDecrementDesiredCapacity: true };
    await assert.rejects(
      call('TerminateInstanceInAutoScalingGroup', input, world.client(NODE_ROLE, id)),
      (error) => error instanceof AwsError && error.code === 'AccessDenied',
    );
    assert.equal(world.twin.refused()[0]?.action, 'autoscaling:TerminateInstanceInAutoScalingGroup');
  });

  it('counts what each machine cost, by its own clock', async () => {
    await start({ min: 1, max: 2, initial: 2 }, FIRST_OFFERED, { factor: 100 });
    await until('some time has passed', () => world.twin.now() > 20_000);
    const seconds = world.twin.nodeSeconds();
    assert.ok(seconds > 20 && seconds < 2.1 * (world.twin.now() / 1000), `${seconds}`);
  });

  it('as the control takes machines away at once, and asks nobody', async () => {
    await start({ min: 1, max: 2, initial: 2 }, FIRST_OFFERED, { mode: 'control' });
    await until('both are in service', () => idsIn('InService').length === 2);
    assert.equal(
      [...world.machines.values()].every(({ spec }) => spec.runsAgent === false),
      true,
    );
    world.twin.setDesiredCapacity(1);
    await until('one is gone', () => idsIn('Terminated').length === 1);
    assert.equal([...world.machines.values()].filter(({ on }) => on).length, 1);
    assert.equal(happened('decision').length, 1);
    assert.deepEqual(happened('invoked'), []);
  });
});
