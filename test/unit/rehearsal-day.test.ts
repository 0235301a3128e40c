import assert from 'node:assert/strict';
import { advance, DAWN, type DayClock } from '../../lab/rehearsal/day-clock.ts';
import { type DayShape, peopleOf, planDay } from '../../lab/rehearsal/plan.ts';

const shape: DayShape = {
  seed: 7,
  initial: 2,
  peak: 3,
  morningCpu: 58,
  longCpu: 28,
  shortRoomsPerNode: 4,
  longRoomsPerNode: 2,
  peoplePerShortRoom: 3,
  peoplePerLongRoom: 3,
  eveningRooms: 3,
};

describe('plan of a day', () => {
  it('is the same for the same seed, and another for another', () => {
    assert.deepEqual(planDay(shape), planDay(shape));
    assert.notDeepEqual(planDay(shape).rooms, planDay({ ...shape, seed: 8 }).rooms);
  });

  for (let seed = 0; seed < 50; seed++) {
    it(`is a whole day (seed ${seed})`, () => {
      const plan = planDay({ ...shape, seed });
      const people = plan.rooms.flatMap((room) => room.people.map((person) => ({ ...person, room })));
      assert.equal(
        new Set(people.map(({ identity }) => identity)).size,
        people.length,
        'identities are unique',
      );
      assert.equal(peopleOf(plan), people.length);
      for (const { identity, joinMs, leaveMs, room } of people) {
        assert.ok(room.startMs < joinMs, `${identity} joins a room that is there`);
        assert.ok(leaveMs - joinMs > 2_000, `${identity} stays long enough to talk`);
        assert.ok(leaveMs <= plan.endMs, `${identity} leaves within the day`);
      }
    });
  }

  it('begins its long calls before the short ones end: nodes are evenly full then', () => {
    const { rooms } = planDay(shape);
    const lastLong = Math.max(...rooms.filter(({ kind }) => kind === 'long').map(({ startMs }) => startMs));
    const ends = rooms.filter(({ name }) => /^(morning|noon)/.test(name)).flatMap(({ people }) => people);
    assert.ok(lastLong < Math.min(...ends.map(({ leaveMs }) => leaveMs)), `${lastLong}`);
  });

  it('leaves only long calls when the load falls, at least one for each node of the peak', () => {
    const plan = planDay(shape);
    const lull = plan.acts.find(({ name }) => name === 'afternoon')?.atMs ?? 0;
    const during = plan.rooms.filter(({ startMs, people }) => {
      return startMs < lull + 5_000 && people.some(({ leaveMs }) => leaveMs > lull + 5_000);
    });
    assert.ok(during.length >= shape.peak, `${during.length} long calls`);
    assert.ok(during.every(({ kind }) => kind === 'long'));
  });
});

describe('clock of a day', () => {
  it('waits longer for a slower cloud', () => {
    const passing = { nowMs: 5_100, elapsedMs: 200, pace: 1, nodes: 1, patience: 2 };
    assert.deepEqual(advance(waiting, gates, passing), waiting);
  });

  it('stands still while this machine does: nothing of the day is skipped', () => {
    const slept = { nowMs: 90_000, elapsedMs: 90_000, nodes: 2, patience: 1 };
    const after = at(20_000, { passed: 1 });
    assert.deepEqual(advance(after, gates, { ...slept, pace: 1 }), { ...after, dayMs: 21_000 });
    assert.deepEqual(advance(after, gates, { ...slept, pace: 2 }), { ...after, dayMs: 22_000 });
  });

  const gates = [{ atMs: 1_000, nodes: 2, waitMs: 5_000 }];
  const at = (dayMs: number, more: Partial<DayClock> = {}): DayClock => ({ ...DAWN, dayMs, ...more });
  const waiting = at(1_000, { waiting: { gate: { atMs: 1_000, nodes: 2, waitMs: 5_000 }, sinceMs: 100 } });
  const rows = [
    { given: 'before a gate', clock: at(0), nowMs: 50, nodes: 0, want: at(200) },
    { given: 'at a gate', clock: at(900), nowMs: 100, nodes: 2, want: waiting },
    { given: 'standing, too few nodes', clock: waiting, nowMs: 300, nodes: 1, want: waiting },
    { given: 'standing, enough nodes', clock: waiting, nowMs: 300, nodes: 2, want: at(1_000, { passed: 1 }) },
    {
      given: 'standing for too long',
      clock: waiting,
      nowMs: 5_100,
      nodes: 1,
      want: at(1_000, { passed: 1, missed: gates }),
    },
    {
      given: 'past the last gate',
      clock: at(1_000, { passed: 1 }),
      nowMs: 9,
      nodes: 0,
      want: at(1_200, { passed: 1 }),
    },
  ];
  for (const { given, clock, nowMs, nodes, want } of rows) {
    it(given, () =>
      assert.deepEqual(advance(clock, gates, { nowMs, elapsedMs: 200, pace: 1, patience: 1, nodes }), want),
    );
  }
});
