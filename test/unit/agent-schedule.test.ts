import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { ScheduledEvent } from '../../node-agent/core/state.ts';
import { AgentWorld } from '../support/agent-world.ts';

function serving(people: number): AgentWorld {
  const world = new AgentWorld({ leavesBy: 'status' });
  world.mailbox = true;
  world.pass(10_000);
  assert.equal(world.phase, 'serving');
  setPeople(world, people);
  world.pass(3_000);
  return world;
}

function setPeople(world: AgentWorld, people: number): void {
  assert.ok(world.media !== undefined);
  world.media.people = people;
}

function tell(world: AgentWorld, ...events: ScheduledEvent[]): void {
  world.notify({ kind: 'schedule-read', at: world.at, events });
}

/** Somebody has deleted the machine: it has five minutes. */
function deleted(world: AgentWorld): void {
  const interruption = { by: 'termination', deadline: world.at + 300_000 } as const;
  world.notify({ kind: 'interruption', at: world.at, interruption });
  tell(world, { id: 'e-1', isDue: false });
}

const consents = (world: AgentWorld): string[] => world.acknowledged.map(({ id }) => id);

describe('what the cloud has scheduled for a machine', () => {
  it('gets no consent while the machine serves, with or without calls, however long it waits', () => {
    for (const people of [2, 0]) {
      const world = serving(people);
      tell(world, { id: 'e-1', isDue: false });
      world.pass(600_000);
      assert.deepEqual([world.phase, consents(world)], ['serving', []]);
    }
  });

  it('gets no consent while the machine serves, though its media server is down: it may come back', () => {
    const world = serving(0);
    world.endMedia({ clean: false, text: 'signal 11' });
    tell(world, { id: 'e-1', isDue: false });
    world.pass(600_000);
    assert.deepEqual([world.phase, consents(world)], ['serving', []]);
  });

  it('its end, as a person has deleted it: drains at once, and consents when the last room is over', () => {
    const world = serving(2);
    deleted(world);
    assert.ok(world.pass(2_000, () => world.signalsSent.length === 1));
    assert.match(world.agent?.durable.decision?.reason ?? '', /somebody has deleted this machine/);
    world.pass(120_000);
    assert.deepEqual(consents(world), []);
    setPeople(world, 0);
    assert.ok(world.pass(30_000, () => consents(world).length === 1));
    assert.deepEqual([world.phase, world.kicked, world.wakes], ['empty', 0, 0]);
  });

  it('is consented to once, and again only where the consent failed', () => {
    const world = serving(0);
    world.faults.add('metadata');
    deleted(world);
    world.pass(60_000);
    assert.deepEqual([world.phase, consents(world)], ['empty', []]);
    world.faults.delete('metadata');
    assert.ok(world.pass(61_000, () => consents(world).length === 1));
    tell(world, { id: 'e-1', isDue: false });
    world.pass(600_000);
    assert.deepEqual(consents(world), ['e-1']);
    tell(world, { id: 'e-2', isDue: false });
    assert.ok(
      world.pass(1_000, () => consents(world).length === 2),
      'another event is another consent',
    );
  });

  it('is consented to with calls on only when it is due, and begins anyway', () => {
    const world = serving(2);
    deleted(world);
    world.pass(300_000);
    assert.deepEqual(consents(world), []);
    tell(world, { id: 'e-1', isDue: true });
    world.pass(1_000);
    assert.deepEqual(consents(world), ['e-1']);
  });

  it('is consented to by a node that was emptied for maintenance, and is over before its calls begin again', () => {
    const world = serving(0);
    tell(world, { id: 'e-reboot', isDue: false });
    assert.equal(world.command({ kind: 'drain', reason: 'before the reboot' }).accepted, true);
    assert.ok(world.pass(60_000, () => world.phase === 'empty'));
    assert.ok(world.pass(1_000, () => consents(world).length === 1));
  });

  it('gets no consent while the emptiness is not proven: an engine that does not answer, a disk that does not write', () => {
    for (const fault of ['runtime', 'disk'] as const) {
      const world = serving(1);
      deleted(world);
      world.pass(10_000);
      setPeople(world, 0);
      world.faults.add(fault);
      world.pass(50_000);
      assert.deepEqual(consents(world), [], fault);
      world.faults.delete(fault);
      assert.ok(
        world.pass(61_000, () => consents(world).length === 1),
        fault,
      );
    }
  });

  it('a machine that has outlived its end was started again after it, and serves', () => {
    const world = serving(1);
    deleted(world);
    world.pass(5_000);
    world.killAgent();
    world.endMedia(undefined);
    world.pass(400_000);
    world.reboot();
    world.pass(30_000);
    assert.equal(world.phase, 'serving');
  });

  it('whatever happens, none gets a consent that would cut a call before it is due', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('people' as const), people: fc.integer({ min: 0, max: 2 }) }),
      fc.record({
        kind: fc.constant('tell' as const),
        ids: fc.subarray(['e-1', 'e-2', 'e-3']),
      }),
      fc.record({ kind: fc.constantFrom('deleted', 'kill', 'reboot', 'crash', 'drain', 'resume') }),
      fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 500, max: 90_000 }) }),
      fc.record({
        kind: fc.constant('fault' as const),
        fault: fc.constantFrom('runtime', 'metrics', 'disk', 'metadata'),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const world = serving(1);
        for (const each of steps) {
          switch (each.kind) {
            case 'people':
              if (world.media && !world.media.drained) world.media.people = each.people;
              else if (world.media) world.media.people = Math.min(world.media.people, each.people);
              break;
            case 'tell':
              tell(world, ...each.ids.map((id) => ({ id, isDue: false })));
              break;
            case 'deleted':
              deleted(world);
              break;
            case 'kill':
              world.killAgent();
              world.pass(5_000);
              world.startAgent();
              break;
            case 'reboot':
              world.reboot();
              break;
            case 'crash':
              world.crashMedia();
              break;
            case 'drain':
              if (world.agent) world.command({ kind: 'drain', reason: 'by ada' });
              break;
            case 'resume':
              if (world.agent) world.command({ kind: 'resume' });
              break;
            case 'pass':
              world.pass(each.ms);
              break;
            case 'fault':
              if (!world.faults.delete(each.fault)) world.faults.add(each.fault);
              break;
          }
        }
        assert.ok(
          world.acknowledged.every(({ people }) => people === 0),
          JSON.stringify(world.acknowledged),
        );
      }),
      { numRuns: 150 },
    );
  });
});
