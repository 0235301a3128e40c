import * as assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Decision } from '../../fleet/decision.ts';
import { NO_WORK } from '../../fleet/status.ts';
import { alarmsOf } from '../../node-agent/core/alarms.ts';
import type { RuntimeReading } from '../../node-agent/core/state.ts';
import { transition } from '../../node-agent/core/transition.ts';
import { AgentWorld, NODE, T0 } from '../support/agent-world.ts';

const DECISION: Decision = {
  v: 1,
  id: 'd-1',
  node: NODE,
  pool: 'media',
  at: new Date(T0).toISOString(),
  by: 'termination-policy',
  cause: 'scale-in',
  intent: 'leave',
  reason: 'fewest calls',
};

function serving(people: number, settings = {}): AgentWorld {
  const world = new AgentWorld(settings);
  world.pass(10_000);
  assert.equal(world.phase, 'serving');
  assert.ok(world.media !== undefined);
  world.media.people = people;
  world.pass(3_000);
  return world;
}

function chosen(world: AgentWorld): void {
  world.decision = DECISION;
  world.target = 'leave';
}

function hangUp(world: AgentWorld): void {
  assert.ok(world.media !== undefined);
  world.media.people = 0;
}

describe('the agent, in a scale-in', () => {
  it('serves only once the media tells its work, and completes the launch hook then', () => {
    const world = new AgentWorld();
    world.faults.add('metrics');
    world.pass(20_000);
    assert.equal(world.phase, 'booting');
    assert.equal(world.launchHookOpen, true);
    world.faults.delete('metrics');
    world.pass(5_000);
    assert.equal(world.phase, 'serving');
    assert.equal(world.launchHookOpen, false);
    assert.equal(world.takesWork, true);
  });

  it('signals within 2 s, keeps the timer alive while people talk, leaves when the last has gone', () => {
    const world = serving(3);
    chosen(world);
    assert.ok(
      world.pass(2_000, () => world.signalsSent.length === 1),
      'signalled within 2 s',
    );
    assert.equal(world.takesWork, false);
    world.pass(3 * 3_600_000);
    assert.equal(world.phase, 'draining');
    assert.equal(world.signalsSent.length, 1);
    assert.ok(world.heartbeats >= 36, `a heartbeat every 5 min for 3 h, was ${world.heartbeats}`);
    assert.equal(world.published?.decision?.id, 'd-1', 'the decision is carried by the status');
    hangUp(world);
    assert.ok(
      world.pass(20_000, () => world.released),
      'released after the last call',
    );
    assert.equal(world.phase, 'leaving');
    assert.equal(world.kicked, 0);
    assert.equal(world.agent?.durable.drainsEnded, 1);
  });

  it('holds off a shutdown of the machine while there is or may be work, and not longer', () => {
    const world = serving(3);
    assert.equal(world.inhibited, true);
    hangUp(world);
    world.pass(3_000);
    assert.equal(world.inhibited, false);
    world.faults.add('metrics');
    world.pass(3_000);
    assert.equal(world.inhibited, true);
  });

  const failures = [
    { given: 'the runtime does not answer', faults: ['runtime'] },
    { given: 'the metrics do not answer', faults: ['metrics'] },
    { given: 'the metadata do not answer', faults: ['metadata'] },
    { given: 'the registry does not answer', faults: ['registry'] },
    { given: 'every heartbeat fails', faults: ['api'] },
    { given: 'the disk is full', faults: ['disk'] },
    { given: 'nothing answers', faults: ['runtime', 'metrics', 'metadata', 'registry', 'api', 'disk'] },
  ] as const;
  for (const { given, faults } of failures) {
    it(`never leaves with calls on, and is not cut, while ${given}; then goes on where it was`, () => {
      const world = serving(2);
      chosen(world);
      world.pass(5_000);
      for (const fault of faults) world.faults.add(fault);
      world.pass(600_000);
      assert.equal(world.released, false);
      assert.equal(world.media?.people, 2);
      assert.equal(world.phase, 'draining');
      world.faults.clear();
      hangUp(world);
      assert.ok(world.pass(120_000, () => world.released));
      assert.equal(world.kicked, 0);
      assert.equal(world.signalsSent.length, 1);
    });
  }

  it('an unanswering runtime is not an exit: unknown is never empty', () => {
    const world = serving(0);
    chosen(world);
    world.pass(1_500);
    world.faults.add('runtime');
    world.endMedia(undefined);
    world.pass(60_000);
    assert.equal(world.phase, 'draining');
    world.faults.delete('runtime');
    assert.ok(world.pass(20_000, () => world.released));
  });

  it('does not signal while its intention cannot be written, says so, and signals once it can', () => {
    const world = serving(2);
    world.faults.add('disk');
    chosen(world);
    world.pass(60_000);
    assert.equal(world.signalsSent.length, 0);
    assert.ok(world.alarms.includes('state-not-written'));
    world.faults.delete('disk');
    assert.ok(world.pass(70_000, () => world.signalsSent.length === 1));
  });

  it('retained meanwhile (the hook ended without us): says empty, and completes the new hook', () => {
    const world = serving(2);
    chosen(world);
    world.pass(5_000);
    world.hookOpen = false;
    world.pass(400_000);
    assert.equal(world.phase, 'draining');
    assert.ok(world.alarms.includes('hook-ended'));
    hangUp(world);
    world.pass(30_000);
    assert.equal(world.phase, 'empty');
    assert.equal(world.published?.phase, 'empty');
    assert.equal(world.released, false);
    world.hookOpen = true;
    assert.ok(world.pass(20_000, () => world.released));
  });

  it('a decision that cannot be read in time delays nothing: the drain has a reason of its own', () => {
    const world = serving(1);
    world.faults.add('registry');
    world.target = 'leave';
    assert.ok(world.pass(2_000, () => world.signalsSent.length === 1));
    assert.equal(world.agent?.durable.decision?.by, 'auto-scaling-group');
  });

  it('a registry that is out for ten minutes holds up nothing but what it is told, and then is told', () => {
    const world = serving(1);
    chosen(world);
    world.pass(5_000);
    world.faults.add('registry');
    world.pass(600_000);
    assert.ok(world.heartbeats >= 2, 'the timer is kept alive');
    assert.ok(world.agent !== undefined);
    const alarms = alarmsOf(world.agent, world.settings, world.at);
    assert.ok(alarms.some(({ name }) => name === 'status-not-published'));
    hangUp(world);
    assert.ok(world.pass(20_000, () => world.released));
    world.faults.delete('registry');
    assert.ok(world.pass(60_000, () => world.published?.phase === 'leaving'));
    assert.equal(world.kicked, 0);
  });

  it('its media ends well between two looks, and its unit is not at rest yet: no call is lost by that', () => {
    const world = serving(3);
    chosen(world);
    world.pass(5_000);
    assert.ok(world.agent !== undefined);
    assert.equal(world.agent.durable.signals[0]?.state, 'signalled');
    const reading: RuntimeReading = { kind: 'answered', running: [], willStart: ['livekit'] };
    const event = { kind: 'runtime-read', reading, at: world.at + 500 } as const;
    const { state, effects } = transition(world.agent, event, world.settings);
    assert.equal(state.durable.callsLost, 0);
    assert.ok(!effects.some((effect) => effect.kind === 'log' && effect.event === 'calls-lost'));
    assert.notEqual(state.durable.phase, 'empty');
  });

  it('writes one status at a time: none while it is not known what became of the one before', () => {
    const world = serving(1);
    assert.ok(world.agent !== undefined);
    let state = world.agent;
    let writes = 0;
    for (let passed = 0; passed < 300_000; passed += 500) {
      const at = world.at + passed;
      const rooms = passed / 500;
      const reading = { kind: 'known', work: { ...NO_WORK, rooms } } as const;
      for (const event of [{ kind: 'work-read', reading, at } as const, { kind: 'tick', at } as const]) {
        const step = transition(state, event, world.settings);
        writes += step.effects.filter(({ kind }) => kind === 'publish').length;
        state = step.state;
      }
    }
    assert.equal(writes, 1);
  });

  it('ready before its hook is open: says so again, until the hook has heard it', () => {
    const world = new AgentWorld();
    world.launchHookOpen = false;
    world.pass(20_000);
    assert.equal(world.phase, 'serving');
    assert.equal(world.agent?.durable.ready, false);
    world.launchHookOpen = true;
    world.pass(10_000);
    assert.equal(world.agent?.durable.ready, true);
  });

  it('a heartbeat that finds no hook just after the decision is sent again soon', () => {
    const world = serving(1);
    world.hookOpen = false;
    chosen(world);
    world.pass(3_000);
    world.hookOpen = true;
    assert.ok(world.pass(10_000, () => world.heartbeats > 0));
    assert.ok(!world.alarms.includes('hook-ended'));
  });

  it('an old decision is not taken for the present one', () => {
    const world = serving(1);
    world.decision = { ...DECISION, at: new Date(T0 - 7_200_000).toISOString() };
    world.target = 'leave';
    world.pass(3_000);
    assert.notEqual(world.agent?.durable.decision?.id, 'd-1');
  });
});

describe('the agent, at its ceiling', () => {
  it('keep: the drain goes on, and an alarm stands', () => {
    const world = serving(2, { ceilingMs: 600_000, onCeiling: 'keep' });
    chosen(world);
    world.pass(900_000);
    assert.equal(world.kicked, 0);
    assert.equal(world.media?.people, 2);
    assert.ok(world.alarms.includes('ceiling-reached'));
  });

  it('cut: the calls end at the ceiling and not before, are counted as cut, and the node leaves', () => {
    const world = serving(2, { ceilingMs: 600_000, onCeiling: 'cut' });
    chosen(world);
    world.pass(595_000);
    assert.equal(world.kicked, 0);
    assert.ok(world.pass(30_000, () => world.released));
    assert.equal(world.kicked, 2);
    assert.equal(world.agent?.durable.callsCut, 2);
    assert.equal(world.agent?.durable.callsLost, 0);
    assert.ok(world.alarms.includes('calls-cut'));
    assert.equal(world.alarms.includes('calls-lost'), false);
  });

  it('counts from when the node began to drain anew, not through the hours in which it was empty', () => {
    const world = serving(0, { ceilingMs: 3_600_000, onCeiling: 'cut' });
    world.command({ kind: 'drain', reason: 'kernel update' });
    world.pass(3 * 3_600_000);
    assert.equal(world.phase, 'empty');
    world.startMedia(5);
    world.pass(60_000);
    assert.equal(world.kicked, 0);
  });

  it('who is cut by the kill is counted as cut, too', () => {
    const world = serving(3, { ceilingMs: 1_000, onCeiling: 'cut' });
    world.faults.add('signal-lost');
    chosen(world);
    world.pass(5_000);
    world.faults.delete('signal-lost');
    assert.ok(world.pass(60_000, () => world.released));
    assert.equal(world.kicked, 3);
    assert.equal(world.agent?.durable.callsCut, 3);
  });

  it('a cut that cannot be sent is not tried in a tight loop', () => {
    const world = serving(2, { ceilingMs: 10_000, onCeiling: 'cut' });
    chosen(world);
    world.pass(5_000);
    world.faults.add('signal-refused');
    world.pass(60_000);
    const tries = world.logs.filter(({ event }) => event === 'signal-failed').length;
    assert.ok(tries >= 1 && tries <= 8, `${tries} tries in a minute`);
    world.faults.delete('signal-refused');
    assert.ok(world.pass(60_000, () => world.released));
  });

  it('a process that ends just before it is cut is not cut again and again until that is seen', () => {
    const world = serving(2, { ceilingMs: 10_250, onCeiling: 'cut' });
    chosen(world);
    world.pass(5_000);
    const since = world.agent?.durable.drainingSince ?? 0;
    world.pass(20_000, () => world.at - since === 10_000);
    world.endMedia({ clean: true, text: 'exited 0' });
    world.pass(500);
    assert.equal(world.logs.filter(({ event }) => event === 'media-gone-before-signal').length, 1);
    assert.ok(world.pass(60_000, () => world.released));
  });

  it('an agent that dies while it cuts, cuts on', () => {
    const world = serving(2, { ceilingMs: 600_000, onCeiling: 'cut' });
    chosen(world);
    world.pass(600_500);
    world.killAgent();
    world.startAgent();
    assert.ok(world.pass(60_000, () => world.released));
  });

  it('a drain past its expected length raises an alarm', () => {
    const world = serving(2, { warnAfterMs: 60_000 });
    chosen(world);
    world.pass(90_000);
    assert.ok(world.alarms.includes('drain-overdue'));
  });
});

describe('the agent, for maintenance', () => {
  it('drains and stays; resume is refused while calls are on, and then starts a fresh process', () => {
    const world = serving(2);
    assert.equal(world.command({ kind: 'drain', reason: 'kernel update' }).accepted, true);
    world.pass(5_000);
    assert.equal(world.signalsSent.length, 1);
    const refusal = world.command({ kind: 'resume' });
    assert.equal(refusal.accepted, false);
    assert.match(refusal.text, /2 people are left/);
    hangUp(world);
    world.pass(60_000);
    assert.equal(world.phase, 'empty');
    assert.equal(world.released, false);
    assert.equal(world.command({ kind: 'resume' }).accepted, true);
    world.pass(10_000);
    assert.equal(world.phase, 'serving');
    assert.equal(world.takesWork, true);
  });

  it('what was accepted is said once it is on disk, so that no agent dies with it', () => {
    const world = serving(2);
    world.effectsLeft = 0;
    assert.equal(world.command({ kind: 'drain', reason: 'kernel update' }).accepted, false);
    assert.deepEqual(world.replies, []);
    world.startAgent();
    assert.equal(world.command({ kind: 'drain', reason: 'kernel update' }).accepted, true);
    world.killAgent();
    world.startAgent();
    assert.equal(world.phase, 'draining');
  });

  it('what cannot be written is said so', () => {
    const world = serving(2);
    world.faults.add('disk');
    const { accepted, text } = world.command({ kind: 'drain', reason: 'kernel update' });
    assert.equal(accepted, true);
    assert.match(text, /no space left on device.*an agent that starts again does not know of it/);
  });

  it('the cloud may take a node that an operator has emptied, and then nobody can resume it', () => {
    const world = serving(0);
    world.command({ kind: 'drain', reason: 'look inside' });
    world.pass(30_000);
    assert.equal(world.phase, 'empty');
    chosen(world);
    assert.ok(world.pass(10_000, () => world.released));
    assert.equal(world.command({ kind: 'resume' }).accepted, false);
  });
});

describe('the agent, when the cloud reclaims the machine', () => {
  it('emptied on a recommendation it stays, can be resumed once, and leaves when the cloud asks', () => {
    const world = serving(0, { onRebalance: 'drain', warnAfterMs: 60_000 });
    world.notify({ kind: 'advice', advice: 'the cloud recommends to leave', at: world.at });
    world.pass(30_000);
    assert.equal(world.phase, 'empty');
    world.pass(300_000);
    assert.equal(world.released, false);
    assert.ok(world.alarms.includes('empty-kept'));
    assert.equal(world.command({ kind: 'resume' }).accepted, true);
    world.notify({ kind: 'advice', advice: 'the cloud recommends to leave', at: world.at });
    world.pass(20_000);
    assert.equal(world.phase, 'serving');
    chosen(world);
    assert.ok(world.pass(60_000, () => world.released));
  });

  it('spot: drains at once and tells the deadline', () => {
    const world = serving(2);
    const deadline = world.at + 120_000;
    world.notify({
      kind: 'interruption',
      at: world.at,
      interruption: { deadline, by: 'spot-interruption' },
    });
    world.pass(2_000);
    assert.equal(world.signalsSent.length, 1);
    assert.equal(world.published?.decision?.deadline, new Date(deadline).toISOString());
  });

  const cases = [
    { onRebalance: 'report', signals: 0 },
    { onRebalance: 'drain', signals: 1 },
  ] as const;
  for (const { onRebalance, signals } of cases) {
    it(`a rebalance recommendation set to ${onRebalance} sends ${signals} signals`, () => {
      const world = serving(2, { onRebalance });
      world.notify({ kind: 'advice', advice: 'the cloud recommends to leave', at: world.at });
      world.pass(5_000);
      assert.equal(world.signalsSent.length, signals);
    });
  }
});
