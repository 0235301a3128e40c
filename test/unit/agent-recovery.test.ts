import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { AgentWorld, type Fault, type MediaName } from '../support/agent-world.ts';

function draining(people: number): AgentWorld {
  const world = new AgentWorld();
  world.pass(10_000);
  if (world.media !== undefined) world.media.people = people;
  world.pass(3_000);
  world.target = 'leave';
  return world;
}

function hangUp(world: AgentWorld): void {
  for (const life of world.lives.values()) life.people = 0;
}

describe('the agent, killed and started again', () => {
  for (let effects = 0; effects < 12; effects += 1) {
    it(`after ${effects} effects of a drain: no second signal, no lost drain, no early leave`, () => {
      const world = draining(3);
      world.effectsLeft = effects;
      world.pass(30_000);
      world.killAgent();
      world.pass(4_000);
      world.startAgent();
      world.pass(600_000);
      assert.equal(world.kicked, 0);
      assert.equal(world.released, false);
      assert.ok(world.media !== undefined && world.signalsTo(world.media.id) <= 1);
      hangUp(world);
      assert.ok(
        world.pass(120_000, () => world.released),
        'it leaves once it is empty',
      );
    });
  }

  it('between "about to signal" and knowing: waits for proof, raises an alarm, signals when zero for 10 s', () => {
    const world = draining(2);
    // The intention is on disk, the agent dies before the signal goes out.
    assert.ok(
      world.pass(
        5_000,
        () => world.disk.state?.signals[0]?.state === 'about-to-signal' || world.signalsSent.length > 0,
      ),
    );
    const state = world.disk.state;
    assert.ok(state !== undefined && world.media !== undefined);
    world.killAgent();
    world.signalsSent = [];
    world.media.signals = 0;
    world.media.drained = false;
    state.signals = [
      { process: world.media.id, state: 'about-to-signal', at: world.at, revision: 1, people: 0 },
    ];
    world.startAgent();
    world.pass(300_000);
    assert.equal(world.signalsSent.length, 0, 'no signal while it may be the second');
    assert.ok(world.alarms.includes('signal-uncertain'));
    hangUp(world);
    const zeroAt = world.at;
    assert.ok(world.pass(60_000, () => world.signalsSent.length === 1));
    assert.ok(world.at - zeroAt >= 10_000, 'zero was seen for 10 s first');
    assert.ok(world.pass(60_000, () => world.released));
    assert.equal(world.kicked, 0);
  });

  for (const arrived of [true, false]) {
    it(`with a registry that tells, a doubt ends at once: the signal ${arrived ? 'had arrived' : 'is sent, calls or not'}`, () => {
      const world = draining(2);
      world.hasRegistry = true;
      world.pass(5_000);
      assert.ok(world.disk.state !== undefined && world.media !== undefined);
      world.killAgent();
      world.signalsSent = [];
      if (!arrived) Object.assign(world.media, { signals: 0, drained: false });
      world.disk.state.signals = [
        { process: world.media.id, state: 'about-to-signal', at: world.at, revision: 1, people: 0 },
      ];
      world.startAgent();
      world.pass(9_000);
      assert.equal(world.signalsSent.length, 0);
      world.pass(30_000);
      assert.equal(world.signalsSent.length, arrived ? 0 : 1);
      assert.equal(world.media?.people, 2);
      hangUp(world);
      assert.ok(world.pass(60_000, () => world.released));
      assert.equal(world.kicked, 0);
    });
  }

  it('a reboot in mid-drain: the drain goes on with the new process, which gets its one signal', () => {
    const world = draining(2);
    world.pass(10_000);
    world.reboot();
    world.pass(10_000);
    assert.equal(world.signalsTo(world.media?.id ?? ''), world.media === undefined ? 0 : 1);
    assert.ok(world.pass(60_000, () => world.released));
  });
});

describe('the agent, when its state file is corrupt', () => {
  it('signals nothing and leaves nowhere until it has proof of where it stands', () => {
    const world = draining(2);
    world.pass(10_000);
    assert.equal(world.signalsSent.length, 1);
    world.killAgent();
    world.disk.corrupt = true;
    world.startAgent();
    world.pass(600_000);
    assert.equal(world.signalsSent.length, 1, 'no second signal');
    assert.equal(world.released, false);
    hangUp(world);
    assert.ok(world.pass(60_000, () => world.released));
    assert.equal(world.kicked, 0);
  });

  it('is still lost for the next agent, when this one dies before it has written anything', () => {
    const world = draining(2);
    world.pass(10_000);
    world.killAgent();
    world.disk.corrupt = true;
    world.startAgent();
    world.killAgent();
    world.startAgent();
    world.pass(60_000);
    assert.equal(world.signalsSent.length, 1);
    assert.equal(world.kicked, 0);
  });

  it('is told of, for an hour and until no doubt is left', () => {
    const world = draining(2);
    world.pass(10_000);
    world.killAgent();
    world.disk.corrupt = true;
    world.startAgent();
    world.pass(30_000);
    assert.ok(world.alarms.includes('state-lost'));
  });

  it('does not call itself serving while the process may have been signalled', () => {
    const world = new AgentWorld();
    world.pass(10_000);
    if (world.media !== undefined) world.media.people = 2;
    world.killAgent();
    world.disk.corrupt = true;
    world.startAgent();
    world.pass(120_000);
    assert.equal(world.phase, 'booting');
    assert.equal(world.takesWork, false);
    assert.ok(world.alarms.includes('signal-uncertain'));
    hangUp(world);
    world.pass(30_000);
    assert.equal(world.phase, 'serving');
  });
});

describe('the agent, when the media server misbehaves', () => {
  it('a crash that systemd mends: lost calls are counted as lost, and it serves again', () => {
    const world = new AgentWorld();
    world.pass(10_000);
    if (world.media !== undefined) world.media.people = 4;
    world.pass(3_000);
    world.restartAfterMs = 1_500;
    world.crashMedia();
    world.pass(10_000);
    assert.equal(world.agent?.durable.callsLost, 4);
    assert.equal(world.agent?.durable.callsCut, 0);
    assert.equal(world.takesWork, true);
    assert.ok(world.alarms.includes('calls-lost'));
    world.pass(1_800_000);
    assert.equal(world.alarms.includes('calls-lost'), false);
  });

  it('an end that we did not ask for is a loss, even if the exit looks clean', () => {
    const world = new AgentWorld();
    world.pass(10_000);
    if (world.media !== undefined) world.media.people = 4;
    world.pass(3_000);
    world.endMedia({ clean: true, text: 'exited 0' });
    world.pass(5_000);
    assert.equal(world.agent?.durable.callsLost, 4);
  });

  it('a crash that nobody mends: alarm, no new work, known to be empty', () => {
    const world = new AgentWorld();
    world.pass(10_000);
    world.crashMedia();
    world.pass(120_000);
    assert.equal(world.takesWork, false);
    assert.ok(world.alarms.includes('media-down'));
    assert.deepEqual(world.published?.work?.people, 0);
    world.target = 'leave';
    assert.ok(world.pass(30_000, () => world.released));
  });

  it('a hang: unknown, with an alarm; while draining it waits', () => {
    const world = draining(2);
    world.pass(5_000);
    world.faults.add('metrics');
    world.pass(600_000);
    assert.equal(world.published?.work, null);
    assert.ok(world.alarms.includes('work-unknown'));
    assert.equal(world.released, false);
  });

  it('a restart under the agent in mid-drain: the new life gets its own one signal', () => {
    const world = draining(2);
    world.pass(5_000);
    world.restartAfterMs = 1_500;
    world.crashMedia();
    world.pass(9_000);
    const { media } = world;
    assert.ok(media === undefined || world.signalsTo(media.id) === 1);
    assert.ok(world.pass(60_000, () => world.released));
    assert.equal(world.kicked, 0);
  });

  it('a process in its first moments is not signalled yet: the signal would be lost, and the node never end', () => {
    const world = draining(2);
    world.pass(5_000);
    world.restartAfterMs = 500;
    world.faults.add('metrics');
    world.crashMedia();
    world.pass(3_000);
    const { media } = world;
    assert.ok(media !== undefined);
    assert.equal(world.signalsTo(media.id), 0);
    assert.ok(
      world.pass(15_000, () => world.signalsTo(media.id) === 1),
      'old enough, even if it tells nothing',
    );
    assert.ok(world.pass(60_000, () => world.released));
  });

  it('metrics that have only just begun to answer do not make it ready for a signal', () => {
    const world = draining(2);
    world.pass(5_000);
    world.restartAfterMs = 500;
    world.crashMedia();
    world.pass(30_000, () => world.media !== undefined && world.published?.work?.people === 0);
    world.pass(60_000, () => world.released);
    assert.equal(world.media, undefined, 'the new life got its signal when it could take it');
    assert.equal(world.released, true);
  });

  it('a process that was signalled, has nothing left to do and stays: an alarm, no second signal', () => {
    const world = draining(1);
    world.pass(5_000);
    if (world.media !== undefined) world.media.stuck = true;
    hangUp(world);
    world.pass(200_000);
    assert.ok(world.alarms.includes('drain-stuck'));
    assert.equal(world.signalsSent.length, 1);
    assert.equal(world.released, false);
  });

  it('between a crash and the restart nothing is empty', () => {
    const world = draining(2);
    world.pass(5_000);
    world.restartAfterMs = 60_000;
    world.crashMedia();
    world.pass(50_000);
    assert.equal(world.phase, 'draining');
  });

  it('a life that begins after the node was given back is drained too', () => {
    const world = draining(0);
    assert.ok(world.pass(60_000, () => world.released));
    world.startMedia(0);
    world.pass(15_000);
    assert.equal(world.signalsTo(world.media?.id ?? '') <= 1, true);
    assert.ok(world.pass(60_000, () => world.media === undefined && world.phase === 'leaving'));
  });

  it('never up: the node that the cloud takes back is empty, after two looks', () => {
    const world = new AgentWorld();
    world.endMedia(undefined);
    world.killAgent();
    world.disk.state = undefined;
    world.startAgent();
    world.pass(30_000);
    assert.equal(world.phase, 'booting');
    world.target = 'leave';
    assert.ok(world.pass(10_000, () => world.released));
  });
});

describe('the agent, when a container fails again and again', () => {
  function looping(canKeepDown: AgentWorld['canKeepDown']): AgentWorld {
    const world = new AgentWorld();
    world.canKeepDown = canKeepDown;
    world.crashMedia();
    world.loops.add('livekit');
    return world;
  }

  it('lets it try for as long as the node is wanted, and keeps it down from then on: the node leaves', () => {
    const world = looping('yes');
    world.pass(900_000);
    assert.equal(world.phase, 'booting');
    assert.ok(world.loops.has('livekit'), 'it may still come up');
    world.target = 'leave';
    assert.ok(world.pass(20_000, () => world.released));
    assert.equal(world.logs.filter(({ event }) => event === 'media-kept-down').length, 1);
  });

  it('an engine that cannot: nothing is empty, and a person is called', () => {
    const world = looping('no');
    world.target = 'leave';
    world.pass(300_000);
    assert.equal(world.phase, 'draining');
    assert.ok(world.alarms.includes('media-not-kept-down'));
    world.loops.clear();
    assert.ok(world.pass(20_000, () => world.released));
    assert.ok(!world.alarms.includes('media-not-kept-down'));
  });

  it('one that comes up after all in the middle of the drain gets its one signal', () => {
    const world = looping('no');
    world.target = 'leave';
    world.pass(30_000);
    world.loops.clear();
    world.startMedia(2);
    world.pass(20_000);
    assert.equal(world.signalsTo(world.media?.id ?? ''), 1);
    hangUp(world);
    assert.ok(world.pass(60_000, () => world.released));
    assert.equal(world.kicked, 0);
  });

  it('what was kept down is started again by a resume that comes before any signal', () => {
    const world = new AgentWorld({}, ['egress']);
    world.canKeepDown = 'yes';
    world.pass(10_000);
    world.killAgent();
    world.startMedia(0);
    world.crashMedia('egress');
    world.loops.add('egress');
    world.faults.add('metrics');
    world.startAgent();
    world.pass(1_000);
    world.command({ kind: 'drain', reason: 'a mistake' });
    world.pass(2_000);
    assert.ok(!world.loops.has('egress'));
    assert.equal(world.signalsSent.length, 0);
    assert.match(world.command({ kind: 'resume' }).text, /had not been signalled yet/);
    world.pass(1_000);
    assert.ok(world.lives.has('egress'));
  });
});

describe('the agent, when no media process is found', () => {
  /** LiveKit, with people, under a name that nobody looks for: from its beginning on. */
  function unseen(people: number): AgentWorld {
    const world = new AgentWorld();
    world.hidden.add('livekit');
    if (world.media !== undefined) world.media.people = people;
    return world;
  }

  function endsAndLeaves(world: AgentWorld): void {
    world.endMedia(undefined);
    world.faults.clear();
    assert.ok(
      world.pass(30_000, () => world.released),
      'once it has really ended, the node leaves',
    );
  }

  it('and calls are told: one reading that is not answered does not make them nothing, nor do many', () => {
    const world = unseen(5);
    world.pass(20_000);
    world.target = 'leave';
    world.pass(20_000);
    assert.match(world.published?.unknown ?? '', /yet the media tells its work/);
    world.faults.add('metrics');
    world.pass(600_000);
    assert.equal(world.released, false);
    assert.equal(world.phase, 'draining');
    assert.equal(world.published?.work, null);
    assert.ok(world.alarms.includes('work-unknown'));
    endsAndLeaves(world);
  });

  it('and calls were told while the runtime did not answer: the same', () => {
    const world = unseen(5);
    world.faults.add('runtime');
    world.pass(20_000);
    world.target = 'leave';
    world.faults.add('metrics');
    world.pass(3_000);
    world.faults.delete('runtime');
    world.pass(120_000);
    assert.equal(world.released, false);
    endsAndLeaves(world);
  });

  it('and an agent that starts again has not heard of the calls: it believes no silence either', () => {
    const world = unseen(5);
    world.pass(10_000);
    world.target = 'leave';
    world.pass(10_000);
    world.faults.add('metrics');
    world.killAgent();
    world.startAgent();
    world.pass(600_000);
    assert.equal(world.released, false);
    assert.match(world.published?.unknown ?? '', /something may be where the work is told/);
    endsAndLeaves(world);
  });

  it('beside an egress that is seen and ends: what LiveKit told still counts', () => {
    const world = new AgentWorld({}, ['egress']);
    world.hidden.add('livekit');
    if (world.media !== undefined) world.media.people = 3;
    world.pass(15_000);
    world.target = 'leave';
    world.pass(3_000);
    world.faults.add('metrics');
    world.pass(120_000);
    assert.equal(world.lives.has('egress'), false);
    assert.equal(world.released, false);
    endsAndLeaves(world);
  });

  it('and another one begins unseen after the first had ended: its calls count', () => {
    const world = new AgentWorld();
    world.pass(10_000);
    world.crashMedia();
    world.pass(10_000);
    world.startMedia(4);
    world.hidden.add('livekit');
    world.pass(6_000);
    world.target = 'leave';
    world.faults.add('metrics');
    world.pass(120_000);
    assert.equal(world.released, false);
    endsAndLeaves(world);
  });

  it('never up: it leaves, though it never saw one: nobody listens, twice', () => {
    const world = new AgentWorld();
    world.endMedia(undefined);
    world.faults.add('metrics');
    world.target = 'leave';
    world.pass(60_000);
    assert.equal(world.released, false, 'no answer is not "nobody listens"');
    world.faults.delete('metrics');
    world.pass(2_000);
    assert.equal(world.released, false, 'once is not enough');
    assert.ok(world.pass(10_000, () => world.released));
  });

  it('the lives that it watches are on disk, signalled or not, so that the next agent finds them again', () => {
    const world = new AgentWorld({}, ['egress']);
    world.pass(5_000);
    const ids = [...world.lives.values()].map(({ id }) => id).sort();
    assert.deepEqual(world.disk.state?.lives, ids);
    assert.deepEqual(world.disk.state?.signals, []);
    world.endMedia({ clean: true, text: 'exited 0' }, 'egress');
    world.pass(3_000);
    assert.deepEqual(world.disk.state?.lives, [world.media?.id]);
  });
});

describe('the agent, whatever happens', () => {
  const fault = fc.constantFrom<Fault>(
    'runtime',
    'metrics',
    'metadata',
    'api',
    'registry',
    'disk',
    'signal-unsent',
  );
  const name = fc.constantFrom<MediaName>('livekit', 'egress', 'agent');
  const beside = fc.constantFrom<MediaName[]>([], ['egress'], ['egress', 'agent']);
  const step = fc.oneof(
    fc.record({
      do: fc.constant('pass' as const),
      ms: fc.integer({ min: 1, max: 120 }).map((halves) => halves * 500),
    }),
    fc.record({ do: fc.constant('fault' as const), fault }),
    fc.record({ do: fc.constant('mend' as const), fault }),
    fc.record({ do: fc.constant('kill-after' as const), effects: fc.integer({ min: 0, max: 6 }) }),
    fc.record({ do: fc.constant('restart-agent' as const) }),
    fc.record({ do: fc.constant('corrupt' as const) }),
    fc.record({ do: fc.constant('reboot' as const) }),
    fc.record({
      do: fc.constant('crash' as const),
      name,
      restartAfterMs: fc.option(fc.integer({ min: 500, max: 5_000 }), { nil: undefined }),
    }),
    fc.record({ do: fc.constant('people' as const), name, people: fc.integer({ min: 0, max: 5 }) }),
    fc.record({ do: fc.constant('start' as const), name }),
    fc.record({ do: fc.constant('show' as const) }),
    fc.record({ do: fc.constant('hook' as const), open: fc.boolean() }),
    fc.record({ do: fc.constant('drain' as const) }),
    fc.record({ do: fc.constant('resume' as const) }),
    fc.record({ do: fc.constant('leave' as const) }),
  );

  it('cuts no call, releases nothing that runs, and in the end leaves', () => {
    fc.assert(
      fc.property(beside, fc.boolean(), fc.array(step, { maxLength: 25 }), (names, isHidden, steps) => {
        const world = new AgentWorld({}, names);
        if (isHidden) world.hidden.add('livekit');
        world.pass(5_000);
        for (const what of steps) {
          switch (what.do) {
            case 'pass':
              world.pass(what.ms);
              break;
            case 'fault':
              world.faults.add(what.fault);
              break;
            case 'mend':
              world.faults.delete(what.fault);
              break;
            case 'kill-after':
              world.effectsLeft = what.effects;
              break;
            case 'restart-agent':
              world.killAgent();
              world.startAgent();
              break;
            case 'corrupt':
              world.killAgent();
              world.disk.corrupt = true;
              world.startAgent();
              break;
            case 'reboot':
              world.reboot();
              break;
            case 'crash':
              world.restartAfterMs = what.restartAfterMs;
              world.crashMedia(what.name);
              break;
            case 'people': {
              const life = world.lives.get(what.name);
              if (life !== undefined && !life.drained) life.people = what.people;
              break;
            }
            case 'start':
              // Only the engine's own doing: what was told to drain is not started beside itself.
              if (names.includes(what.name) && !world.lives.has(what.name)) world.startMedia(0, what.name);
              break;
            case 'show':
              world.hidden.clear();
              break;
            case 'hook':
              world.hookOpen = what.open;
              break;
            case 'drain':
              if (world.agent !== undefined) world.command({ kind: 'drain', reason: 'a test' });
              break;
            case 'resume':
              if (world.agent !== undefined) world.command({ kind: 'resume' });
              break;
            case 'leave':
              world.target = 'leave';
              break;
          }
          assert.equal(world.kicked, 0, 'no call is cut');
        }
        world.faults.clear();
        world.hidden.clear();
        world.hookOpen = true;
        world.target = 'leave';
        world.killAgent();
        world.startAgent();
        world.pass(30_000);
        hangUp(world);
        assert.ok(
          world.pass(300_000, () => world.released),
          `it leaves in the end, but is ${world.phase}`,
        );
        assert.equal(world.kicked, 0);
      }),
      { numRuns: 1_000 },
    );
  });
});
