import * as assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Decision } from '../../fleet/decision.ts';
import { EMPTY_WORD_MS } from '../../fleet/registry.ts';
import { AgentWorld, NODE, T0 } from '../support/agent-world.ts';

const decided = (id: string): Decision => ({
  v: 1,
  id,
  node: NODE,
  pool: 'media',
  at: new Date(T0).toISOString(),
  by: 'pruner',
  cause: 'scale-in',
  intent: 'leave',
  reason: 'fewest calls',
});

function serving(people: number): AgentWorld {
  const world = new AgentWorld({ leavesBy: 'status' });
  world.mailbox = true;
  world.pass(10_000);
  assert.equal(world.phase, 'serving');
  assert.ok(world.media !== undefined);
  world.media.people = people;
  world.pass(3_000);
  return world;
}

function hangUp(world: AgentWorld): void {
  assert.ok(world.media !== undefined);
  world.media.people = 0;
}

describe('an agent whose cloud tells it by a mailbox', () => {
  it('drains for the decision that lies there, without asking for it again', () => {
    const world = serving(2);
    world.decision = decided('d-1');
    assert.ok(world.pass(2_000, () => world.signalsSent.length === 1));
    assert.equal(world.agent?.durable.decision?.id, 'd-1');
    assert.equal(world.agent?.observed.askedDecisionAt, null);
  });

  it('follows one that was made long ago: it was dead for hours, and the machine is still wanted', () => {
    const world = serving(1);
    world.killAgent();
    world.decision = decided('d-old');
    world.pass(3 * 3_600_000);
    world.startAgent();
    assert.ok(world.pass(5_000, () => world.signalsSent.length === 1));
    assert.equal(world.agent?.durable.decision?.id, 'd-old');
  });

  it('a registry that cannot be read is no wish of the cloud, however long: it serves on, and says so', () => {
    const world = serving(1);
    world.faults.add('registry');
    world.pass(3_600_000);
    assert.equal(world.phase, 'serving');
    assert.equal(world.takesWork, true);
    world.faults.delete('registry');
    world.pass(30_000);
    assert.equal(world.signalsSent.length, 0);
  });

  it('wakes who takes it away only after the registry says that it is empty', () => {
    const world = serving(1);
    world.decision = decided('d-1');
    world.pass(10_000);
    hangUp(world);
    assert.ok(world.pass(30_000, () => world.wakes === 1));
    assert.equal(world.released, true, 'the first wake found what it needs');
    assert.ok(['empty', 'leaving'].includes(world.published?.phase ?? ''));
  });

  it('is empty while the registry is out for ten minutes: wakes nobody for nothing, and once it is told', () => {
    const world = serving(1);
    world.decision = decided('d-1');
    world.pass(10_000);
    world.faults.add('registry');
    hangUp(world);
    world.pass(600_000);
    assert.equal(world.phase, 'empty');
    assert.equal(world.wakes, 0);
    world.faults.delete('registry');
    assert.ok(world.pass(65_000, () => world.wakes === 1));
    assert.equal(world.released, true);
  });

  it('says that it is empty again and again while it waits for its end: an older word could be of before a boot', () => {
    const world = serving(0);
    world.decision = decided('d-1');
    world.faults.add('api');
    assert.ok(world.pass(60_000, () => world.published?.phase === 'empty'));
    const said = new Set<string>();
    world.pass(60_000, () => {
      said.add(world.published?.at ?? '');
      return false;
    });
    const times = [...said].map(Date.parse);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    assert.ok(Math.max(...gaps) < EMPTY_WORD_MS / 2, gaps.join(' '));
  });

  it('is told of another decision in mid-drain: carries on under that one, and is taken away by it', () => {
    const world = serving(1);
    world.decision = decided('d-1');
    world.pass(10_000);
    const { drainingSince } = world.agent?.durable ?? assert.fail();
    world.decision = decided('d-2');
    world.pass(5_000);
    assert.equal(world.published?.decision?.id, 'd-2');
    assert.equal(world.agent?.durable.drainingSince, drainingSince, 'its ceiling counts from the first');
    assert.equal(world.signalsSent.length, 1);
    hangUp(world);
    assert.ok(world.pass(30_000, () => world.released));
  });

  it('a drain of four hours, far past the 90 minutes at which a run command would have ended: ends well', () => {
    const world = serving(3);
    world.decision = decided('d-1');
    assert.ok(world.pass(5_000, () => world.signalsSent.length === 1));
    const startedAt = world.at;
    for (let hour = 1; hour <= 4; hour += 1) {
      world.pass(1_700_000);
      world.faults.add('registry');
      world.pass(100_000);
      world.faults.delete('registry');
      world.killAgent();
      world.pass(60_000);
      world.startAgent();
      world.pass(1_740_000);
      assert.deepEqual([world.phase, world.wakes], ['draining', 0]);
    }
    assert.equal(world.at - startedAt, 4 * 3_600_000);
    hangUp(world);
    assert.ok(world.pass(65_000, () => world.released));
    assert.deepEqual([world.signalsSent.length, world.kicked, world.wakes], [1, 0, 1]);
  });

  it('was emptied under one decision and is wanted under another: tells that before it wakes anybody', () => {
    const world = serving(0);
    world.decision = decided('d-1');
    world.faults.add('api');
    assert.ok(world.pass(60_000, () => world.published?.phase === 'empty'));
    world.decision = decided('d-2');
    world.faults.delete('api');
    assert.ok(world.pass(90_000, () => world.wakes === 1));
    assert.equal(world.released, true);
  });

  it('a plain reboot in mid-drain: resumes, signals the new process once, deletes nothing', () => {
    const world = serving(2);
    world.decision = decided('d-1');
    assert.ok(world.pass(5_000, () => world.signalsSent.length === 1));
    world.reboot();
    assert.equal(world.wakes, 0);
    const { media } = world;
    assert.ok(media !== undefined);
    media.people = 1;
    world.pass(600_000);
    assert.equal(world.signalsTo(media.id), 1);
    assert.deepEqual([world.wakes, world.released, world.kicked], [0, false, 0]);
    media.people = 0;
    assert.ok(world.pass(30_000, () => world.released));
  });

  it('a plain reboot of a node that nobody decided about: it serves again, and signals nothing', () => {
    const world = serving(0);
    world.reboot();
    world.pass(60_000);
    assert.equal(world.phase, 'serving');
    assert.deepEqual([world.signalsSent, world.wakes], [[], 0]);
  });

  for (const by of ['spot-interruption', 'host-maintenance'] as const) {
    it(`outlives its ${by}: started again, it serves, since nobody else wants it gone`, () => {
      const world = serving(1);
      world.notify({
        kind: 'interruption',
        at: world.at,
        interruption: { by, deadline: world.at + 30_000 },
      });
      assert.ok(world.pass(5_000, () => world.signalsSent.length === 1));
      assert.equal(world.agent?.durable.decision?.by, by);
      world.killAgent();
      world.endMedia(undefined);
      world.pass(120_000);
      world.reboot();
      world.pass(30_000);
      assert.equal(world.phase, 'serving');
      assert.equal(world.signalsSent.length, 1);
      assert.equal(world.agent?.durable.decision, null);
    });
  }

  it('is still decided after an interruption that it outlived', () => {
    const world = serving(1);
    world.decision = decided('d-1');
    world.pass(3_000);
    const interruption = { by: 'spot-interruption', deadline: world.at + 30_000 } as const;
    world.notify({ kind: 'interruption', at: world.at, interruption });
    world.pass(3_000);
    assert.equal(world.published?.decision?.deadline, new Date(interruption.deadline).toISOString());
    world.killAgent();
    world.pass(120_000);
    world.reboot();
    assert.equal(world.agent?.durable.decision?.id, 'd-1');
    assert.ok(world.pass(60_000, () => world.released));
  });
});
