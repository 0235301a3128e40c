import assert from 'node:assert/strict';
import type { CoreSettings } from '../../node-agent/core/settings.ts';
import { AgentWorld, type MediaName } from '../support/agent-world.ts';

/** A media node of several containers, in its eleventh second or later: all of them may be signalled. */
function serving(jobs: Partial<Record<MediaName, number>>, settings: Partial<CoreSettings> = {}): AgentWorld {
  const world = new AgentWorld(settings, ['egress', 'agent']);
  world.pass(15_000);
  assert.equal(world.phase, 'serving');
  for (const [name, life] of world.lives) life.people = jobs[name] ?? 0;
  world.pass(3_000);
  return world;
}

function idOf(world: AgentWorld, name: MediaName): string {
  const life = world.lives.get(name);
  assert.ok(life !== undefined, `${name} runs`);
  return life.id;
}

function finish(world: AgentWorld, name: MediaName): void {
  const life = world.lives.get(name);
  if (life !== undefined) life.people = 0;
}

const logged = (world: AgentWorld, event: string) => world.logs.filter((line) => line.event === event);

describe('the agent, with several containers', () => {
  it('at a ceiling that cuts, people are counted once, and jobs as nobody', () => {
    const world = serving({ livekit: 3, egress: 1, agent: 2 }, { ceilingMs: 60_000, onCeiling: 'cut' });
    world.target = 'leave';
    assert.ok(world.pass(120_000, () => world.released));
    assert.equal(world.agent?.durable.callsCut, 3);
    assert.equal(world.agent?.durable.callsLost, 0);
    assert.equal(logged(world, 'jobs-lost').length, 0, 'they were cut, not lost');
  });

  it('signals all of them at once, each one time, and leaves when the last of them has ended', () => {
    const world = serving({ livekit: 2, egress: 1, agent: 1 });
    const ids = [...world.lives.values()].map(({ id }) => id);
    world.target = 'leave';
    world.pass(2_000);
    assert.deepEqual(world.signalsSent.map(({ process }) => process).sort(), ids.sort());
    const order: MediaName[] = ['egress', 'livekit', 'agent'];
    for (const name of order) {
      world.pass(60_000);
      assert.equal(world.released, false, `not before ${name} has ended`);
      finish(world, name);
      world.pass(10_000, () => !world.lives.has(name));
    }
    assert.ok(world.pass(20_000, () => world.released));
    assert.equal(world.signalsSent.length, 3);
    assert.equal(world.kicked, 0);
    assert.equal(world.agent?.durable.callsLost, 0);
  });

  it('an egress that still uploads keeps the node after the last call', () => {
    const world = serving({ livekit: 2, egress: 1 });
    world.target = 'leave';
    world.pass(3_000);
    finish(world, 'livekit');
    world.pass(3_600_000);
    assert.equal(world.phase, 'draining');
    assert.equal(world.published?.work?.egress, 1);
    finish(world, 'egress');
    assert.ok(world.pass(20_000, () => world.released));
  });

  it('tells of each container how it is', () => {
    const world = serving({ livekit: 2 });
    world.target = 'leave';
    world.pass(30_000);
    const states = Object.fromEntries((world.published?.media ?? []).map(({ name, state }) => [name, state]));
    assert.deepEqual(states, { livekit: 'signalled', egress: 'exited', agent: 'exited' });
    assert.equal(world.published?.work?.people, 2, 'what has ended does not make the rest unknown');
  });

  const crashes = [
    { name: 'livekit', callsLost: 3, jobsLost: 0 },
    { name: 'egress', callsLost: 0, jobsLost: 1 },
    { name: 'agent', callsLost: 0, jobsLost: 1 },
  ] as const;
  for (const { name, callsLost, jobsLost } of crashes) {
    it(`a crash of ${name}: ${callsLost} people lost, ${jobsLost} losses of jobs told`, () => {
      const world = serving({ livekit: 3, egress: 1, agent: 2 });
      world.restartAfterMs = 1_000;
      world.crashMedia(name);
      world.pass(15_000);
      assert.equal(world.agent?.durable.callsLost, callsLost);
      assert.equal(world.agent?.durable.callsCut, 0);
      assert.equal(logged(world, 'jobs-lost').length, jobsLost);
      assert.equal(world.phase, 'serving');
    });
  }

  it('an agent without a job takes nobody with it when it crashes, however many people there are', () => {
    const world = serving({ livekit: 3 });
    world.crashMedia('agent');
    world.pass(3_000);
    assert.equal(world.agent?.durable.callsLost, 0);
    assert.equal(logged(world, 'jobs-lost').length, 0);
  });

  it('what was read before a life began says nothing of that life', () => {
    const world = serving({ livekit: 2 });
    // The work is read in even seconds, the runtime in every one.
    world.pass(4_000, () => world.at % 2_000 === 0);
    world.endMedia({ clean: true, text: 'exited 143' }, 'agent');
    world.pass(1_000);
    assert.equal(world.agent?.observed.work?.kind, 'known', 'an end alone makes nothing unknown');
    world.pass(1_000);
    world.startMedia(0, 'agent');
    world.pass(1_000);
    assert.equal(world.agent?.observed.work, null);
  });

  it('serves only once that runs which carries calls', () => {
    const world = new AgentWorld({}, ['egress']);
    world.endMedia(undefined, 'livekit');
    world.pass(30_000);
    assert.equal(world.phase, 'booting');
    assert.equal(world.published?.work?.egress, 0, 'though the work is known');
    world.startMedia();
    world.pass(10_000);
    assert.equal(world.phase, 'serving');
  });

  it('one that crashes and comes back while the others drain gets a signal of its own; the others no second one', () => {
    const world = serving({ livekit: 2 });
    world.target = 'leave';
    world.pass(3_000);
    const { signalsSent } = world;
    assert.equal(signalsSent.length, 3);
    world.restartAfterMs = 1_000;
    world.startMedia(0, 'egress');
    world.pass(2_000);
    world.crashMedia('egress');
    world.pass(2_000);
    const id = idOf(world, 'egress');
    world.pass(20_000);
    assert.equal(world.signalsTo(id), 1);
    assert.equal(world.signalsTo(idOf(world, 'livekit')), 1);
    finish(world, 'livekit');
    assert.ok(world.pass(30_000, () => world.released));
    assert.equal(world.kicked, 0);
  });

  it('an agent container that is started in mid-drain is signalled, but not in its first ten seconds', () => {
    const world = serving({ livekit: 2 });
    world.target = 'leave';
    world.pass(30_000);
    assert.ok(!world.lives.has('agent'), 'the first one had nothing to do');
    world.startMedia(1, 'agent');
    const id = idOf(world, 'agent');
    world.pass(9_500);
    assert.equal(world.signalsTo(id), 0, 'it told its jobs at once, and may hang all the same');
    world.pass(3_000);
    assert.equal(world.signalsTo(id), 1);
    finish(world, 'agent');
    finish(world, 'livekit');
    assert.ok(world.pass(20_000, () => world.released));
  });

  it('an agent that does not tell its jobs may not have its signal handler yet: it waits for a minute', () => {
    const world = serving({ livekit: 2 });
    world.target = 'leave';
    world.pass(30_000);
    world.startMedia(1, 'agent');
    world.faults.add('metrics');
    const id = idOf(world, 'agent');
    world.pass(59_000);
    assert.equal(world.signalsTo(id), 0);
    world.pass(5_000);
    assert.equal(world.signalsTo(id), 1);
  });

  it('LiveKit waits for no other: told its work, it is signalled though an agent is too young', () => {
    const world = serving({ livekit: 2, egress: 1 });
    world.endMedia({ clean: true, text: 'exited 143' }, 'agent');
    world.startMedia(0, 'agent');
    world.target = 'leave';
    world.pass(4_000);
    assert.equal(world.signalsTo(idOf(world, 'livekit')), 1);
    assert.equal(world.signalsTo(idOf(world, 'egress')), 1);
    assert.equal(world.signalsTo(idOf(world, 'agent')), 0);
  });

  it('a doubt about one of them is its own: it waits for proof, the others have their one signal', () => {
    const world = serving({ livekit: 2, egress: 1 });
    const [livekit, egress] = [idOf(world, 'livekit'), idOf(world, 'egress')];
    world.target = 'leave';
    world.pass(3_000);
    world.killAgent();
    assert.ok(world.disk.state !== undefined);
    world.disk.state.signals = world.disk.state.signals.map((record) =>
      record.process === egress ? { ...record, state: 'about-to-signal' } : record,
    );
    world.startAgent();
    world.pass(120_000);
    assert.ok(world.alarms.includes('signal-uncertain'));
    assert.equal(world.signalsTo(egress), 1, 'a second signal would end the recording');
    finish(world, 'livekit');
    finish(world, 'egress');
    assert.ok(world.pass(60_000, () => world.released));
    assert.equal(world.signalsTo(livekit), 1);
    assert.equal(world.kicked, 0);
  });

  it('only LiveKit is asked for in its registry', () => {
    const world = serving({ livekit: 2, egress: 1 });
    world.hasRegistry = true;
    world.target = 'leave';
    world.pass(3_000);
    world.killAgent();
    assert.ok(world.disk.state !== undefined);
    const records = world.disk.state.signals.map((record) => ({
      ...record,
      state: 'about-to-signal' as const,
    }));
    world.disk.state.signals = records;
    // Whatever comes first, it is LiveKit that is asked for.
    const { media } = world;
    assert.ok(media !== undefined && world.lives.delete('livekit'));
    world.lives.set('livekit', media);
    world.startAgent();
    world.pass(30_000);
    assert.deepEqual(
      logged(world, 'signal-proven').map(({ fields }) => fields.process),
      [idOf(world, 'livekit')],
    );
  });

  it('LiveKit gone for good beside an egress that lives: no new work, an alarm, and no serving again', () => {
    const world = serving({ livekit: 1, egress: 1 });
    world.crashMedia('livekit');
    world.pass(90_000);
    assert.equal(world.takesWork, false);
    assert.ok(world.alarms.includes('media-down'));
    assert.deepEqual(world.published?.work?.egress, 1);
    world.target = 'leave';
    world.pass(10_000);
    assert.equal(world.released, false, 'the recording goes on');
    finish(world, 'egress');
    assert.ok(world.pass(20_000, () => world.released));
  });

  it('an engine that cannot be asked sends no signal and leaves no doubt: it is sent as soon as it answers', () => {
    const world = serving({ livekit: 2, egress: 1 });
    world.faults.add('signal-unsent');
    world.target = 'leave';
    world.pass(90_000);
    assert.equal(world.signalsSent.length, 0);
    assert.ok(world.alarms.includes('signal-not-sent'));
    const tries = logged(world, 'signal-not-sent').length;
    assert.ok(tries > 3 && tries < 60, `${tries} tries in 90 s`);
    world.faults.delete('signal-unsent');
    world.pass(65_000);
    assert.equal(world.signalsSent.length, 3);
    assert.ok(!world.alarms.includes('signal-uncertain'));
  });

  it('resume is refused while one of them is left, and then starts them all', () => {
    const world = serving({ livekit: 1, egress: 1 });
    world.command({ kind: 'drain', reason: 'kernel update' });
    world.pass(5_000);
    finish(world, 'livekit');
    world.pass(10_000);
    const refusal = world.command({ kind: 'resume' });
    assert.equal(refusal.accepted, false);
    assert.match(refusal.text, /1 egress/);
    finish(world, 'egress');
    world.pass(15_000);
    assert.equal(world.phase, 'empty');
    assert.equal(world.command({ kind: 'resume' }).accepted, true);
    world.pass(20_000);
    assert.equal(world.phase, 'serving');
    assert.deepEqual([...world.lives.keys()].sort(), ['agent', 'egress', 'livekit']);
  });
});
