import assert from 'node:assert/strict';
import type { Happening, TwinEvent } from '../../lab/cloud/events.ts';
import type { CallEnd } from '../../lab/media/driver.ts';
import {
  newTally,
  type Observation,
  observe,
  savedMs,
  scaleInsDone,
  type Tally,
} from '../../lab/rehearsal/tally.ts';

const cloud = (at: number, happening: Happening): Observation => ({
  kind: 'cloud',
  event: { ...happening, at, cloudMs: at * 60 } satisfies TwinEvent,
});
const decision = cloud(1_000, { kind: 'decision', instance: 'i-1', scaleIn: true, cause: 'SCALE_IN' });
const gone = (at: number): Observation =>
  cloud(at, {
    kind: 'instance',
    instance: 'i-1',
    zone: 'a',
    standing: 'gone',
    why: 'ended',
  });
const agent = (at: number, event: string, level = 'info'): Observation => ({
  kind: 'agent',
  instance: 'i-1',
  at,
  level,
  event,
  fields: {},
});
const ended = (end: CallEnd, takenAway = false): Observation => ({
  kind: 'call-ended',
  at: 2_000,
  identity: 'ann',
  instance: 'i-1',
  end,
  takenAway,
});

function tallyOf(...observations: Observation[]): Tally {
  return observations.reduce(observe, newTally('ebbtide'));
}

describe('tally of a run', () => {
  const ends: { given: string; end: Observation; cut: number; lost: number }[] = [
    { given: 'hung up', end: ended({ kind: 'hung-up' }), cut: 0, lost: 0 },
    {
      given: 'hung up on a machine taken away just then',
      end: ended({ kind: 'hung-up' }, true),
      cut: 0,
      lost: 0,
    },
    {
      given: 'connection lost, machine taken away',
      end: ended({ kind: 'connection-lost' }, true),
      cut: 1,
      lost: 0,
    },
    { given: 'connection lost in a crash', end: ended({ kind: 'connection-lost' }), cut: 0, lost: 1 },
    { given: 'server told to stop at once', end: ended({ kind: 'server-shutdown' }), cut: 1, lost: 0 },
    { given: 'closed by the server', end: ended({ kind: 'closed', reason: 'ROOM_CLOSED' }), cut: 1, lost: 0 },
  ];
  for (const { given, end, cut, lost } of ends) {
    it(`counts a call that was ${given}`, () => {
      const { callsCut, callsLost } = tallyOf(end);
      assert.deepEqual({ callsCut, callsLost }, { callsCut: cut, callsLost: lost });
    });
  }

  it('follows a drain from decision to end', () => {
    const tally = tallyOf(decision, agent(1_800, 'media-signalled'), agent(9_000, 'empty'), gone(9_500));
    assert.deepEqual(tally.drains, [
      {
        instance: 'i-1',
        scaleIn: true,
        decidedAt: 1_000,
        signalledAt: 1_800,
        emptyAt: 9_000,
        goneAt: 9_500,
      },
    ]);
    assert.equal(scaleInsDone(tally), 1);
    assert.deepEqual(tally.troubles, []);
  });

  it('does not count as a scale-in what left for another cause', () => {
    const tally = tallyOf(
      cloud(1, { kind: 'decision', instance: 'i-1', scaleIn: false, cause: 'UNHEALTHY' }),
      gone(2),
    );
    assert.equal(scaleInsDone(tally), 0);
    assert.equal(savedMs(tally, 10), 0);
  });

  it('saves what a machine that the group wanted back would have cost until now', () => {
    assert.equal(savedMs(tallyOf(decision, gone(9_500)), 12_000), 2_500);
    assert.equal(savedMs(tallyOf(decision), 12_000), 0);
  });

  it('counts what the group asked back, not what it asked for', () => {
    const change = (from: number, to: number) =>
      cloud(1, { kind: 'desired', from, to, by: 'target-tracking', why: 'CPU' });
    assert.equal(tallyOf(change(2, 3), change(3, 1)).askedBack, 2);
  });

  const troubles: { given: string; observations: Observation[] }[] = [
    {
      given: 'a second signal in one drain',
      observations: [decision, agent(1, 'media-signalled'), agent(2, 'media-signalled')],
    },
    { given: 'an error of an agent', observations: [agent(1, 'status-not-written', 'error')] },
    {
      given: 'a node that did not boot',
      observations: [cloud(1, { kind: 'boot-failed', instance: 'i-1', problem: 'no node' })],
    },
    {
      given: 'a function that failed',
      observations: [
        cloud(1, { kind: 'invocation-failed', function: 'f', event: {}, problem: 'timeout', tookMs: 2_000 }),
      ],
    },
    { given: 'a twin in trouble', observations: [cloud(1, { kind: 'trouble', problem: 'no port' })] },
    {
      given: 'people who cannot join',
      observations: [{ kind: 'trouble', at: 1, text: 'ann could not join' }],
    },
  ];
  for (const { given, observations } of troubles) {
    it(`holds ${given} to be trouble`, () => assert.equal(tallyOf(...observations).troubles.length, 1));
  }

  it('remembers refusals with who, what, where and why', () => {
    const refusal = { principal: 'arn:node', action: 's3:GetObject', resource: 'arn:x', why: 'not allowed' };
    assert.deepEqual(tallyOf(cloud(1, { kind: 'refused', ...refusal })).refusals, [refusal]);
  });
});
