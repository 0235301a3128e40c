import assert from 'node:assert/strict';
import { createRealClock } from '../../fleet/clock.ts';
import { type AutoscalerMode, createCompute } from '../../fleet/gcp/compute.ts';
import { describeGroup } from '../../fleet/gcp/described-group.ts';
import type { NodeStatus } from '../../fleet/status.ts';
import type { Applied } from '../../lab/gcp/apply.ts';
import { borrowGroup, giveBackGroup, isBorrowed, noteGroup } from '../../providers/gcp/group-loan.ts';
import { runSweep } from '../../providers/gcp/run-parting.ts';
import { gcpSnippet } from '../../stacks/gcp/node-snippet.ts';
import { statusOf } from '../unit/support/fleet.ts';
import { applyPool, GROUP, PROJECT, REGION, startTwin, type TestTwin } from './support/gcp/twin.ts';
import { describeSnippet } from './support/node-snippet.ts';
import { servingIn, until } from './support/quiet-run.ts';

const PLACE = { group: GROUP, project: PROJECT, region: REGION, autoscaler: GROUP };
const WANTED = 'ONLY_SCALE_OUT';

describe('the loan of a group, on the twin GCP', () => {
  let applied: Applied;
  let world: TestTwin;
  let environment: Record<string, string>;

  before(async () => {
    const whole = await applyPool();
    const groups = whole.model.groups.map(({ autoscaler = assert.fail('no autoscaler'), ...group }) => ({
      ...group,
      // As somebody else's would be.
      autoscaler: { ...autoscaler, mode: 'ON' as const },
    }));
    // Nothing wakes the pruner: the test is the only one who decides.
    applied = { ...whole, model: { ...whole.model, jobs: [], groups } };
  });
  beforeEach(async () => {
    world = await startTwin(applied, { factor: 120 });
    environment = { ...world.twin.environment(), GOOGLE_OAUTH_ACCESS_TOKEN: world.twin.operatorToken() };
    await servingAre(1);
  });
  afterEach(() => world?.twin.close());

  const servingAre = (count: number) =>
    until(`${count} serve`, () => servingIn(world.twin).length === count && servingIn(world.twin));
  const described = (group = GROUP) => describeGroup(world.client('operator'), { ...PLACE, group });
  const mode = async () => (await described())?.autoscaler?.mode;
  const loan = async (wanted: string = WANTED) => ({
    ...PLACE,
    bucket: world.bucket,
    before: await noteGroup(PLACE, environment),
    wanted: JSON.stringify({ mode: wanted }),
  });
  /** As somebody else sets it. */
  const setMode = async (to: AutoscalerMode) => {
    const client = world.client('operator');
    const compute = createCompute({ ...PLACE, client, clock: createRealClock(), pool: 'media' });
    await compute.follow(await compute.setScaling(to));
  };

  it('notes its mode, changes it, and gives it back', async () => {
    const state = await loan();
    assert.equal(await mode(), 'ON', 'to note it changes nothing');
    assert.equal(await isBorrowed(state, environment), false);
    await borrowGroup(state, environment);
    assert.equal(await mode(), WANTED);
    assert.equal(await isBorrowed(state, environment), true);
    await borrowGroup(state, environment);
    await giveBackGroup(state, environment);
    assert.equal(await mode(), 'ON');
    await giveBackGroup(state, environment);
    assert.equal(await mode(), 'ON');
  });

  it('deletes no machine of the group while it lasts', async () => {
    await borrowGroup(await loan(), environment);
    world.twin.setDesiredCapacity(3);
    await servingAre(3);
    world.twin.setDesiredCapacity(1);
    const soon = world.twin.now() + 120_000;
    await until('two minutes are over', () => world.twin.now() > soon);
    assert.equal(servingIn(world.twin).length, 3);
  });

  it('sees that something else took the mode back, and borrows again', async () => {
    const state = await loan();
    await borrowGroup(state, environment);
    await setMode('ON');
    assert.equal(await isBorrowed(state, environment), false);
    await borrowGroup(state, environment);
    assert.equal(await isBorrowed(state, environment), true);
  });

  it('leaves what somebody else chose meanwhile to them', async () => {
    await setMode('ONLY_SCALE_OUT');
    const state = await loan('OFF');
    await borrowGroup(state, environment);
    await setMode('ON');
    assert.match(
      (await giveBackGroup(state, environment)).join(),
      /stays in the mode ON.*before, it was ONLY/,
    );
    assert.equal(await mode(), 'ON');
  });

  it('leaves it off where somebody else has turned it off meanwhile', async () => {
    const state = await loan();
    await borrowGroup(state, environment);
    await setMode('OFF');
    const left = await giveBackGroup(state, environment);
    assert.match(left.join(), /stays in the mode OFF.*before, it was ON .*--mode on/);
    assert.equal(await mode(), 'OFF');
  });

  it('does not give back a mode in which Google would delete machines at once', async () => {
    const state = await loan();
    await borrowGroup(state, environment);
    world.twin.setDesiredCapacity(2);
    await servingAre(2);
    world.twin.setDesiredCapacity(1);
    assert.match(
      (await giveBackGroup(state, environment)).join(),
      /stays.*wants 1 and there are 2.*--mode on/,
    );
    assert.equal(await mode(), WANTED);
    world.twin.setDesiredCapacity(2);
    assert.deepEqual(await giveBackGroup(state, environment), []);
    assert.equal(await mode(), 'ON');
    assert.equal(servingIn(world.twin).length, 2);
  });

  it('gives nothing back where it is not known who has turned it off', async () => {
    const state = await loan();
    await borrowGroup(state, environment);
    await setMode('OFF');
    world.twin.putObject(world.bucket, 'memory/parting.json', 'no JSON');
    await assert.rejects(giveBackGroup(state, environment), /not known who has turned the autoscaler off/);
    assert.equal(await mode(), 'OFF');
  });

  it('knows a group that is gone, and an autoscaler that is', async () => {
    const state = await loan();
    for (const gone of [
      { ...state, group: 'another' },
      { ...state, autoscaler: 'another' },
    ]) {
      assert.equal(await isBorrowed(gone, environment), false);
      await giveBackGroup(gone, environment);
      await assert.rejects(noteGroup(gone, environment), /has no autoscaler/);
    }
    assert.equal(await described('another'), undefined);
    assert.equal(await mode(), 'ON');
  });

  describe('parting', () => {
    let state: Awaited<ReturnType<typeof loan>>;
    let first: string;
    beforeEach(async () => {
      state = await loan();
      await borrowGroup(state, environment);
      world.twin.setDesiredCapacity(2);
      [first = ''] = await servingAre(2);
    });

    const part = (onDestroy: 'refuse' | 'cut' = 'refuse') =>
      runSweep({ ...PLACE, pool: 'media', bucket: world.bucket }, onDestroy, environment);
    const machine = (name: string) =>
      world.twin.machines().find((each) => each.name === name) ?? assert.fail(name);
    const isOn = (name: string) => world.machines.get(name)?.on;

    async function leaves(name: string, phase: NodeStatus['phase'], people: number) {
      world.twin.abandon(name);
      await until('it is out', () => machine(name).action === undefined);
      const { id } = machine(name);
      const at = new Date().toISOString();
      const decision = { id: 'd-1', by: 'pruner', cause: 'scale-in', intent: 'leave', at } as const;
      const more = { v: 1, node: name, machine: id, pool: 'media', reason: 'a test' };
      world.twin.putObject(world.bucket, `decisions/${name}.json`, JSON.stringify({ ...decision, ...more }));
      const status = statusOf(name, {
        ...{ machine: id, cloud: 'gcp', phase, at, since: at, decision },
        work: { rooms: people === 0 ? 0 : 1, people },
      });
      world.twin.putObject(world.bucket, `statuses/${name}.json`, JSON.stringify(status));
    }

    it('leaves what serves alone, and lets nobody begin to leave', async () => {
      await part();
      assert.equal(await mode(), 'OFF');
      assert.equal(servingIn(world.twin).length, 2);
    });

    it('refuses while one with calls leaves, and changes nothing', async () => {
      await leaves(first, 'draining', 3);
      await assert.rejects(
        part(),
        /the pool media is not destroyed: calls are on 1 of its 1 nodes that are leaving[\s\S]*Nothing has been destroyed/,
      );
      assert.equal(isOn(first), true);
      assert.equal(await mode(), WANTED);
    });

    it('refuses while one is out of whom nothing is known', async () => {
      world.twin.abandon(first);
      await assert.rejects(part(), /of 1 it is not known what is on them/, 'on its way out');
      await until('it is out', () => machine(first).action === undefined);
      await assert.rejects(part(), /of 1 it is not known what is on them/);
      assert.equal(isOn(first), true);
    });

    it('ends who has drained, and then lets nobody else begin', async () => {
      await leaves(first, 'empty', 0);
      await part();
      assert.equal(isOn(first), false);
      assert.equal(await mode(), 'OFF');
      assert.equal(servingIn(world.twin).length, 1, 'who serves stays, and nobody comes in its place');
    });

    it('ends who is leaving, and nobody else, where it is told to insist', async () => {
      await leaves(first, 'draining', 3);
      await part('cut');
      assert.equal(isOn(first), false);
      assert.equal(servingIn(world.twin).length, 1);
    });

    it('leaves off what the loan then gives back, or takes anew', async () => {
      await part();
      assert.equal(await isBorrowed(state, environment), false);
      await borrowGroup(state, environment);
      assert.equal(await mode(), WANTED);
      await part();
      assert.deepEqual(await giveBackGroup(state, environment), []);
      assert.equal(await mode(), 'ON');
    });

    it('leaves off what somebody else has turned off before, or after a loan that was taken anew', async () => {
      await setMode('OFF');
      await part();
      assert.match((await giveBackGroup(state, environment)).join(), /stays in the mode OFF/);
      await borrowGroup(state, environment);
      await part();
      await borrowGroup(state, environment);
      await setMode('OFF');
      assert.match((await giveBackGroup(state, environment)).join(), /stays in the mode OFF/);
      assert.equal(await mode(), 'OFF');
    });
  });

  describeSnippet(async () => {
    const machine = await until('there is a machine', () => [...world.machines.values()][0]);
    return {
      put: (key, script) => world.twin.putObject(world.bucket, key, script),
      snippet: (snippet) => gcpSnippet({ ...snippet, bucket: world.bucket }),
      environment: machine.spec.environment,
    };
  });
});
