import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type LeavingEvent, sentenceOf } from '../../cli/leave/leaving-event.ts';
import type { Wish } from '../../cli/leave/plan-leaving.ts';
import { type LeavingOptions, runLeaving } from '../../cli/leave/run-leaving.ts';
import { look } from '../../cli/look.ts';
import { NOW } from './support/fleet.ts';
import { PoolInMemory } from './support/pool-in-memory.ts';

const GONE = { outcome: 'gone', leaving: 0, more: 0, unjudged: 0 };

/** What is told while nodes leave, and how it ends. */
class Rehearsed extends PoolInMemory {
  readonly said: string[] = [];
  readonly told: LeavingEvent[] = [];
  /** Aborted by a person who has seen enough. */
  readonly enough = new AbortController();
  /** After so many looks. */
  enoughAfter = Number.POSITIVE_INFINITY;

  run(wish: Wish, options: Partial<LeavingOptions> = {}, keep?: () => Promise<void>) {
    return runLeaving(
      { wish, replacement: 'if-needed', wait: true, by: 'ana (fleet remove)', reason: 'a test', ...options },
      {
        pool: this,
        look: () => look(this, () => NOW),
        tell: (event) => {
          this.told.push(event);
          this.said.push(sentenceOf(event));
        },
        signal: this.enough.signal,
        keep,
        now: () => NOW,
        sleep: async () => {
          if (this.looks >= this.enoughAfter) this.enough.abort();
        },
        random: () => 0.5,
      },
    );
  }
}

describe('having nodes leave at an operator’s wish', () => {
  it('asks the one node, tells what is on it, and waits until it is gone', async () => {
    const pool = new Rehearsed();
    pool.add('a', 2);
    pool.add('b', 1);
    assert.deepEqual(await pool.run({ kind: 'node', node: 'a' }), GONE);
    assert.deepEqual([...pool.rooms.keys()], ['b']);
    const text = pool.said.join('\n');
    assert.match(text, /^a was asked to leave \(.*2 rooms.*decision /);
    assert.match(text, /a: draining, 1 rooms, 1 people, for 9 s/);
    assert.match(text, /a is gone$/);
  });

  it('without waiting, says how many are still to be asked', async () => {
    const pool = new Rehearsed();
    for (const node of ['a', 'b', 'c', 'd']) pool.add(node, 1);
    const begun = await pool.run({ kind: 'all', keep: 1 }, { wait: false });
    assert.deepEqual(begun, { outcome: 'begun', leaving: 2, more: 1, unjudged: 0 });
    assert.deepEqual([...pool.decisions.keys()], ['a', 'b']);
    assert.equal(pool.looks, 1);
  });

  it('has no more drain at once than the pool allows, and stops at those that are to stay', async () => {
    const pool = new Rehearsed();
    for (const [index, node] of ['a', 'b', 'c', 'd', 'e'].entries()) pool.add(node, index);
    assert.deepEqual(await pool.run({ kind: 'all', keep: 1 }), GONE);
    assert.deepEqual([...pool.rooms.keys()], ['e']);
    assert.equal(pool.mostAtOnce, 2);
  });

  it('writes who decided, for which machine, and why', async () => {
    const pool = new Rehearsed();
    pool.add('a', 3);
    await pool.run({ kind: 'node', node: 'a' }, { wait: false });
    const { id, ...decision } = pool.decisions.get('a') ?? assert.fail('nothing was decided');
    assert.ok(id.length > 0);
    assert.deepEqual(decision, {
      v: 1,
      node: 'a',
      machine: 'id-a',
      pool: 'media',
      at: new Date(NOW).toISOString(),
      by: 'ana (fleet remove)',
      cause: 'operator',
      intent: 'leave',
      reason: 'a test (fewest calls: 3 rooms, 3 people, 0 jobs)',
    });
  });

  const refused: [string, (pool: Rehearsed) => void, RegExp][] = [
    ['is not there', () => undefined, /there is no node x/],
    [
      'is protected',
      (pool) => {
        pool.add('x', 0);
        pool.protected.add('x');
      },
      /protected by an operator/,
    ],
    [
      'is not to be seen',
      (pool) => {
        pool.add('x', 0);
        pool.unreadable.add(1);
      },
      /could not be read: HTTP 500/,
    ],
  ];
  for (const [what, prepare, told] of refused) {
    it(`refuses at once where the node ${what}, and asks nobody`, async () => {
      const pool = new Rehearsed();
      pool.add('a', 1);
      prepare(pool);
      await assert.rejects(pool.run({ kind: 'node', node: 'x' }), told);
      assert.equal(pool.decisions.size, 0);
    });
  }

  it('goes on where it was when it is run again', async () => {
    const pool = new Rehearsed();
    for (const node of ['a', 'b', 'c']) pool.add(node, 1);
    await pool.run({ kind: 'all', keep: 1 }, { wait: false });
    assert.deepEqual(await pool.run({ kind: 'all', keep: 1 }), GONE);
    assert.equal(pool.rooms.size, 1);
  });

  it('survives a look that fails, and gives up after five in a row', async () => {
    const pool = new Rehearsed();
    pool.add('a', 2);
    for (const look of [2, 3, 4, 5]) pool.unreadable.add(look);
    assert.deepEqual(await pool.run({ kind: 'node', node: 'a' }), GONE);
    assert.match(pool.said.join('\n'), /could not be read: HTTP 500/);

    const refusing = new Rehearsed();
    refusing.add('a', 1);
    refusing.refusals = 100;
    await assert.rejects(refusing.run({ kind: 'node', node: 'a' }), /5 times in a row/);
    assert.match(refusing.said[0] ?? '', /a could not be asked to leave: HTTP 403/);
  });

  it('goes on without whoever has seen enough, and asks nobody more', async () => {
    const pool = new Rehearsed();
    for (const node of ['a', 'b', 'c', 'd']) pool.add(node, 5);
    pool.enoughAfter = 2;
    const end = await pool.run({ kind: 'all', keep: 1 });
    assert.deepEqual(end, { outcome: 'interrupted', leaving: 2, more: 1, unjudged: 0 });
    assert.deepEqual([...pool.decisions.keys()], ['a', 'b']);
    assert.match(
      sentenceOf({ event: 'end', outcome: 'interrupted', leaving: 2, more: 1 }),
      /2 nodes are on the way out, and will go without this. 1 more were not asked/,
    );
  });

  it('leaves alone what the load has brought since it began', async () => {
    const pool = new Rehearsed();
    for (const node of ['a', 'b']) pool.add(node, 1);
    pool.replaces = true;
    assert.deepEqual(await pool.run({ kind: 'all', keep: 0 }), GONE);
    assert.deepEqual([...pool.rooms.keys()], ['a-new', 'b-new']);
  });

  it('says how one is that leaves already, and waits on where that is wanted', async () => {
    const pool = new Rehearsed();
    pool.add('a', 3);
    await pool.run({ kind: 'node', node: 'a' }, { wait: false });
    const { id } = pool.decisions.get('a') ?? assert.fail('nothing was decided');
    const again = await pool.run({ kind: 'node', node: 'a' }, { wait: false });
    assert.deepEqual(again, { outcome: 'begun', leaving: 1, more: 0, unjudged: 0 });
    assert.equal(pool.decisions.get('a')?.id, id);
    assert.match(pool.said.at(-1) ?? '', /^a: draining, 3 rooms/);
    assert.deepEqual(await pool.run({ kind: 'node', node: 'a' }), GONE);
  });

  it('tells who is protected, and who waits, and why', async () => {
    const pool = new Rehearsed();
    for (const node of ['a', 'b', 'c', 'd']) pool.add(node, 1);
    pool.protected.add('d');
    await pool.run({ kind: 'all', keep: 0 }, { wait: false });
    assert.deepEqual(
      pool.told.filter(({ event }) => event === 'kept' || event === 'waiting'),
      [
        { event: 'kept', node: 'd', machine: 'id-d' },
        {
          event: 'waiting',
          more: 1,
          reason: 'drains at once: 2 allowed, 0 under way before this decision',
        },
      ],
    );
  });

  it('asks nobody more once it is interrupted, or its lock is lost, between two of them', async () => {
    const stopped = new Rehearsed();
    for (const node of ['a', 'b', 'c']) stopped.add(node, 5);
    const leave = stopped.leave.bind(stopped);
    stopped.leave = async (...asked) => {
      stopped.enough.abort();
      return leave(...asked);
    };
    await stopped.run({ kind: 'all', keep: 0 });
    assert.equal(stopped.decisions.size, 1);

    const lost = new Rehearsed();
    for (const node of ['a', 'b']) lost.add(node, 5);
    await assert.rejects(
      lost.run({ kind: 'all', keep: 0 }, {}, async () => {
        if (lost.decisions.size > 0) throw new Error('the lock is lost');
      }),
      /the lock is lost/,
    );
    assert.equal(lost.decisions.size, 1);
  });

  it('asks nobody under a lock that is lost', async () => {
    const pool = new Rehearsed();
    pool.add('a', 1);
    const leaving = runLeaving(
      { wish: { kind: 'outdated' }, replacement: 'at-once', wait: true, by: 'ana', reason: undefined },
      {
        pool,
        look: () => look(pool, () => NOW),
        tell: () => undefined,
        signal: pool.enough.signal,
        now: () => NOW,
        sleep: async () => undefined,
        keep: async () => {
          throw new Error('the lock is lost');
        },
        random: () => 0.5,
      },
    );
    await assert.rejects(leaving, /the lock is lost/);
    assert.equal(pool.decisions.size, 0);
  });
});

describe('rolling a pool', () => {
  const OLD = { software: { agent: '1', template: 'lt-1' } };
  const roll = (pool: Rehearsed, wait = true) =>
    pool.run({ kind: 'outdated' }, { replacement: 'at-once', by: 'ana (fleet roll)', wait });

  it('replaces what is outdated, no more at once than may drain, and nothing else', async () => {
    const pool = new Rehearsed();
    for (const node of ['a', 'b', 'c']) pool.add(node, 1, OLD);
    pool.add('d', 1);
    pool.replaces = true;
    assert.deepEqual(await roll(pool), GONE);
    assert.deepEqual([...pool.rooms.keys()].sort(), ['a-new', 'b-new', 'c-new', 'd']);
    assert.equal(pool.mostAtOnce, 2);
    assert.equal(pool.replacement, 'at-once');
  });

  it('is done a round at a time, by whoever runs it again and again', async () => {
    const pool = new Rehearsed();
    for (const node of ['a', 'b', 'c']) pool.add(node, 0, OLD);
    pool.add('d', 1);
    const ends: object[] = [];
    for (let run = 0; run < 4; run += 1) ends.push(await roll(pool, false));
    assert.deepEqual(ends, [
      { outcome: 'begun', leaving: 2, more: 1, unjudged: 0 },
      { outcome: 'begun', leaving: 2, more: 1, unjudged: 0 },
      { outcome: 'begun', leaving: 1, more: 0, unjudged: 0 },
      { outcome: 'begun', leaving: 1, more: 0, unjudged: 0 },
    ]);
    assert.deepEqual(await roll(pool), GONE);
  });

  it('takes nobody who serves away while fewer serve than are to, and whoever does not serve', async () => {
    const pool = new Rehearsed({ min: 2 });
    pool.add('a', 1, OLD);
    pool.add('b', 1, { ...OLD, phase: 'booting' });
    const { more } = await roll(pool, false);
    assert.equal(more, 1);
    assert.deepEqual([...pool.decisions.keys()], ['b']);
    assert.match(pool.said.join('\n'), /1 more is to be asked: 1 serve, and 2 are to/);
  });

  it('says of whom it does not know what software he has, and leaves him alone', async () => {
    const pool = new Rehearsed();
    pool.add('a', 1);
    pool.add('b', 1);
    pool.silent.add('b');
    assert.deepEqual(await roll(pool), { ...GONE, unjudged: 1 });
    assert.deepEqual(pool.told, [{ event: 'unjudged', nodes: ['b'] }]);
  });
});
