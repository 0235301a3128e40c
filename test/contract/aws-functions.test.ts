import assert from 'node:assert/strict';
import type { Applied } from '../../lab/aws/apply.ts';
import type { AwsEvent } from '../../lab/aws/events.ts';
import { applySmallProgram, startTwin, type TestTwin } from './support/aws/twin.ts';
import { until } from './support/quiet-run.ts';

const POLICY = 'ebbtide-media-termination-policy';

/** The group asks its termination policy as soon as one is too many: here with a minute that takes a second. */
describe('functions of the twin AWS', () => {
  let world: TestTwin;

  afterEach(() => world?.twin.close());

  async function askPolicy(
    source: string,
    change: (applied: Applied) => void = () => undefined,
  ): Promise<void> {
    const applied = await applySmallProgram({ min: 0, max: 2, initial: 1 }, source);
    for (const group of applied.model.groups) group.hooks = [];
    change(applied);
    world = await startTwin(applied, { factor: 60 });
    await until('one is in service', () => world.twin.instances()[0]?.state === 'InService');
    world.twin.setDesiredCapacity(0);
  }

  function outcomes(): Extract<AwsEvent, { kind: 'invoked' | 'invocation-failed' }>[] {
    return world.events.filter(
      (event): event is Extract<AwsEvent, { kind: 'invoked' | 'invocation-failed' }> =>
        (event.kind === 'invoked' || event.kind === 'invocation-failed') && event.function === POLICY,
    );
  }

  it('run in a process of their own that is kept warm, with the keys of their role and nothing of ours', async () => {
    await askPolicy(
      `exports.handler = async () => ({ InstanceIDs: [], pid: process.pid, env: process.env });`,
    );
    const [first, second] = await until('it was asked twice', () => outcomes().length >= 2 && outcomes());
    assert.ok(first?.kind === 'invoked' && second?.kind === 'invoked');
    const answer = JSON.parse(JSON.stringify(first.answer));
    assert.notEqual(answer.pid, process.pid);
    assert.equal(answer.pid, JSON.parse(JSON.stringify(second.answer)).pid);
    assert.equal(answer.env.AWS_REGION, 'eu-west-1');
    assert.equal(answer.env.AWS_ENDPOINT_URL, world.twin.endpoint);
    assert.match(answer.env.AWS_ACCESS_KEY_ID, /^ASIA/);
    assert.ok(answer.env.EBBTIDE_SETTINGS);
    assert.equal(answer.env.HOME, undefined);
  });

  it('are ended when they run out of time, and start anew', async () => {
    await askPolicy(`exports.handler = async () => new Promise(() => undefined);`, ({ model }) => {
      for (const fn of model.functions) fn.timeoutMs = 200;
    });
    const failures = await until('it failed twice', () => outcomes().length >= 2 && outcomes());
    for (const failure of failures) {
      assert.match(
        failure.kind === 'invocation-failed' ? failure.problem : '',
        /Task timed out after 0.20 seconds/,
      );
    }
    assert.equal(world.twin.instances()[0]?.state, 'InService');
  });

  it('are started anew when they take their own process down', async () => {
    await askPolicy(`exports.handler = async () => process.exit(3);`);
    const failures = await until('it failed twice', () => outcomes().length >= 2 && outcomes());
    assert.match(failures[0]?.kind === 'invocation-failed' ? failures[0].problem : '', /Runtime exited/);
  });

  it('are not invoked by who has no permission, and that is remembered', async () => {
    await askPolicy(`exports.handler = async () => ({ InstanceIDs: [] });`, ({ model }) => {
      for (const fn of model.functions) fn.permissions = [];
    });
    const refusal = await until('it was refused', () =>
      world.twin.refused().find(({ resource }) => resource.endsWith(POLICY)),
    );
    assert.equal(refusal.action, 'lambda:InvokeFunction');
    assert.match(refusal.principal, /AWSServiceRoleForAutoScaling_ebbtide-media$/);
  });

  it('are called by their schedules, each of the cloud’s minutes, and counted', async () => {
    await askPolicy(`exports.handler = async () => ({ InstanceIDs: [] });`);
    const runs = await until('the watcher ran twice', () => {
      const seen = world.events.filter(
        (event) => event.kind === 'invoked' && event.function === 'ebbtide-media-watcher',
      );
      return seen.length >= 2 && seen;
    });
    assert.deepEqual(runs[0]?.kind === 'invoked' && runs[0].answer, { seen: 'Scheduled Event' });
    assert.ok((runs[1]?.cloudMs ?? 0) - (runs[0]?.cloudMs ?? 0) < 600_000);
  });

  it('fail where they are told to', async () => {
    await askPolicy(
      `exports.handler = async (event) => ({ InstanceIDs: event.Instances.map(({ InstanceId }) => InstanceId) });`,
      () => undefined,
    );
    await until('it went', () => world.twin.instances()[0]?.state === 'Terminated');
    world.twin.faults.add({ service: 'lambda', action: POLICY, times: 1, kind: 'error' });
    world.twin.setDesiredCapacity(1);
    await until('one is in service again', () => world.twin.instances()[1]?.state === 'InService');
    world.twin.setDesiredCapacity(0);
    await until(
      'it failed, and went when asked again',
      () => world.twin.instances()[1]?.state === 'Terminated',
    );
    const failed = outcomes().flatMap((outcome) =>
      outcome.kind === 'invocation-failed' ? outcome.problem : [],
    );
    assert.equal(failed.filter((problem) => /was told to fail/.test(problem)).length, 1, failed.join('\n'));
  });
});
