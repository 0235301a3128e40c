import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type LeavingEvent, sentenceOf } from '../../cli/leave/leaving-event.ts';
import type { LeavingOptions } from '../../cli/leave/leaving-tools.ts';
import type { Wish } from '../../cli/leave/plan-leaving.ts';
import { runLeaving } from '../../cli/leave/run-leaving.ts';
import { look } from '../../cli/look.ts';
import type { Decision } from '../../fleet/decision.ts';
import { NOW } from './support/fleet.ts';
import { PoolInMemory } from './support/pool-in-memory.ts';

const decision = (node: string): Decision => ({
  v: 1,
  id: 'd-1',
  node,
  machine: `id-${node}`,
  pool: 'media',
  at: new Date(NOW).toISOString(),
  by: 'bea',
  cause: 'operator',
  intent: 'leave',
  reason: 'r',
});

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
      reason: 'a test (serving, 3 rooms, 3 people)',
    });
  });

  const refused: [string, (pool: Rehearsed) => void, RegExp][] = [
    ['is not there', () => undefined, /there is no node x in the pool\. There are: a\./],
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
    it(`ends at once where the node ${what}, and asks nobody`, async () => {
      const pool = new Rehearsed();
      pool.add('a', 1);
      prepare(pool);
      const reason = await pool.run({ kind: 'node', node: 'x' }).then(
        (end) => {
          assert.deepEqual(end, { outcome: 'failed', unjudged: 0 });
          return pool.said.join();
        },
        (refusal: Error) => refusal.message,
      );
      assert.match(reason, told);
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
    const { outcome } = await refusing.run({ kind: 'node', node: 'a' });
    assert.equal(outcome, 'failed');
    assert.match(refusing.said[0] ?? '', /a could not be asked to leave: HTTP 403/);
    assert.match(refusing.said.at(-1) ?? '', /5 times in a row/);
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
    const end = await stopped.run({ kind: 'all', keep: 0 });
    assert.deepEqual(end, { outcome: 'interrupted', leaving: 1, more: 2, unjudged: 0 });
    assert.equal(stopped.decisions.size, 1);

    const lost = new Rehearsed();
    for (const node of ['a', 'b']) lost.add(node, 5);
    const locked = await lost.run({ kind: 'all', keep: 0 }, {}, async () => {
      if (lost.decisions.size > 0) throw new Error('the lock is lost');
    });
    assert.deepEqual([locked.outcome, locked.leaving], ['failed', 1]);
    assert.match(lost.said.at(-1) ?? '', /the lock is lost/);
    assert.equal(lost.decisions.size, 1);
  });

  it('asks nobody under a lock that is lost', async () => {
    const pool = new Rehearsed();
    pool.add('a', 1);
    const { outcome } = await pool.run({ kind: 'outdated' }, { replacement: 'at-once' }, async () => {
      throw new Error('the lock is lost');
    });
    assert.equal(outcome, 'failed');
    assert.match(pool.said.join(), /the lock is lost/);
    assert.equal(pool.decisions.size, 0);
  });

  it('is not done where a person has seen enough before all were asked, also where it does not wait', async () => {
    const pool = new Rehearsed();
    for (const node of ['a', 'b', 'c']) pool.add(node, 5);
    const leave = pool.leave.bind(pool);
    pool.leave = async (...asked) => {
      pool.enough.abort();
      return leave(...asked);
    };
    const end = await pool.run({ kind: 'all', keep: 0 }, { wait: false });
    assert.deepEqual(end, { outcome: 'interrupted', leaving: 1, more: 2, unjudged: 0 });
  });

  it('asks nobody twice whom a list does not show yet', async () => {
    const pool = new Rehearsed();
    pool.add('a', 1);
    const ids: string[] = [];
    pool.leave = async (_machine, { id }) => {
      ids.push(id);
      return undefined;
    };
    pool.enoughAfter = 4;
    const { outcome, leaving } = await pool.run({ kind: 'node', node: 'a' });
    assert.deepEqual([outcome, leaving, ids.length], ['interrupted', 1, 1]);
    assert.ok(pool.told.every(({ event }) => event !== 'gone'));
  });

  it('does not say that one is gone that somebody has taken back', async () => {
    const pool = new Rehearsed();
    pool.add('a', 9);
    pool.decisions.set('a', decision('a'));
    const machines = pool.machines.bind(pool);
    pool.machines = async () => {
      if (pool.looks === 1) {
        pool.decisions.clear();
        pool.protected.add('a');
      }
      return machines();
    };
    const { outcome } = await pool.run({ kind: 'node', node: 'a' });
    assert.equal(outcome, 'failed');
    assert.deepEqual(
      pool.told.map(({ event }) => event),
      ['leaving', 'kept'],
    );
  });

  it('writes the time that its nodes have, where that of the operator’s machine is wrong', async () => {
    const pool = new Rehearsed();
    pool.add('a', 1, { at: new Date(NOW + 600_000).toISOString() });
    await pool.run({ kind: 'node', node: 'a' }, { wait: false });
    assert.equal(pool.decisions.get('a')?.at, new Date(NOW + 605_000).toISOString());
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
    pool.add('c', 1, { software: { agent: '1' } });
    pool.silent.add('b');
    assert.deepEqual(await roll(pool), { ...GONE, unjudged: 2 });
    assert.deepEqual(pool.told, [{ event: 'unjudged', nodes: ['b', 'c'] }]);
  });

  it('ends where those that come are not what it takes for new: it would replace them for ever', async () => {
    const pool = new Rehearsed();
    pool.add('a', 0, OLD);
    pool.replaces = true;
    pool.replacedBy = { software: { agent: '1', template: 'lt-3' } };
    const { outcome } = await roll(pool);
    assert.equal(outcome, 'failed');
    assert.deepEqual([...pool.rooms.keys()], ['a-new']);
    assert.match(pool.said.join(), /there came a-new, whose software is not that of new nodes either/);
  });

  it('leaves alone whom somebody may have decided already, which could not be read', async () => {
    const pool = new Rehearsed();
    for (const node of ['a', 'b', 'c']) pool.add(node, 0, OLD);
    pool.garbled.add('a');
    const once = await roll(pool, false);
    assert.deepEqual([...pool.decisions.keys()], ['b']);
    assert.equal(once.outcome, 'failed');
    const { outcome } = await roll(pool);
    assert.deepEqual([outcome, [...pool.rooms.keys()]], ['failed', ['a']]);
    assert.match(
      pool.said.join(),
      /what is decided about a could not be read, and it was left alone: no JSON/,
    );
  });
});
