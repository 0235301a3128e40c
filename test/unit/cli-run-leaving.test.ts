import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type LeavingEvent, sentenceOf } from '../../cli/leave/leaving-event.ts';
import type { Wish } from '../../cli/leave/plan-leaving.ts';
import { type LeavingOptions, runLeaving } from '../../cli/leave/run-leaving.ts';
import type { PoolWorld } from '../../cli/view/seen.ts';
import type { Decision } from '../../fleet/decision.ts';
import type { PoolAddress } from '../../fleet/pool-address.ts';
import { ago, fleetOf, fresh, NOW } from './support/fleet.ts';

const ADDRESS: PoolAddress = {
  v: 1,
  cloud: 'digitalocean',
  pool: 'media',
  template: 'lt-2',
  rules: { min: 1, max: 5, maxDrains: 2, coolDownMs: 0, warmUpMs: 0, warnAfterMs: 1 },
  spacesRegion: 'fra1',
  buckets: { code: 'c', statuses: 's', memory: 'm' },
};

const GONE = { outcome: 'gone', leaving: 0, more: 0, unjudged: 0 };

/** A pool in memory. Whoever is asked drains for as many looks as he has rooms, and is then gone. */
class PoolInMemory {
  readonly rooms = new Map<string, number>();
  readonly decisions = new Map<string, Decision>();
  readonly said: string[] = [];
  readonly told: LeavingEvent[] = [];
  /** Aborted by a person who has seen enough. */
  readonly enough = new AbortController();
  readonly protected = new Set<string>();
  mostAtOnce = 0;
  refusals = 0;
  /** Looks that fail, counted from 1. */
  readonly unreadable = new Set<number>();
  looks = 0;

  add(node: string, rooms: number): void {
    this.rooms.set(node, rooms);
  }
  async look(): Promise<PoolWorld> {
    this.looks += 1;
    if (this.unreadable.has(this.looks)) {
      return { ...this.world(), machines: { kind: 'unknown', reason: 'HTTP 500' } };
    }
    const world = this.world();
    this.mostAtOnce = Math.max(this.mostAtOnce, this.decisions.size);
    for (const node of [...this.decisions.keys()]) {
      const left = (this.rooms.get(node) ?? 0) - 1;
      if (left >= 0) this.rooms.set(node, left);
      else {
        this.rooms.delete(node);
        this.decisions.delete(node);
      }
    }
    return world;
  }
  private world(): PoolWorld {
    const nodes = [...this.rooms].map(([node, rooms]) => {
      const phase = this.decisions.has(node) ? 'draining' : 'serving';
      return [node, fresh(node, { phase, since: ago(9), work: { rooms, people: rooms } })] as const;
    });
    return {
      machines: {
        kind: 'known',
        machines: nodes.map(([node]) => ({
          node,
          machine: `id-${node}`,
          zone: 'fra1',
          place: 'in-group',
          state: 'active',
          protected: this.protected.has(node),
        })),
      },
      fleet: fleetOf(Object.fromEntries(nodes)),
      decisions: {
        decisions: new Map(
          [...this.decisions].map(([node, decision]) => [node, { kind: 'decided', decision }]),
        ),
        complete: true,
      },
      now: NOW,
    };
  }
  run(wish: Wish, options: Partial<LeavingOptions> = {}) {
    return runLeaving(
      { wish, replacement: 'if-needed', wait: true, by: 'ana (fleet remove)', reason: 'a test', ...options },
      {
        pool: {
          address: ADDRESS,
          leave: async ({ node }, decision) => {
            if (this.refusals > 0) {
              this.refusals -= 1;
              throw new Error('HTTP 403');
            }
            this.decisions.set(node, decision);
            return undefined;
          },
        },
        look: () => this.look(),
        tell: (event) => {
          this.told.push(event);
          this.said.push(sentenceOf(event));
        },
        signal: this.enough.signal,
        now: () => NOW,
        sleep: async () => {
          assert.ok(this.looks < 100, this.said.join('\n'));
        },
        random: () => 0.5,
      },
    );
  }
}

describe('having nodes leave at an operator’s wish', () => {
  it('asks the one node, tells what is on it, and waits until it is gone', async () => {
    const pool = new PoolInMemory();
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
    const pool = new PoolInMemory();
    for (const node of ['a', 'b', 'c', 'd']) pool.add(node, 1);
    const begun = await pool.run({ kind: 'all', keep: 1 }, { wait: false });
    assert.deepEqual(begun, { outcome: 'begun', leaving: 2, more: 1, unjudged: 0 });
    assert.deepEqual([...pool.decisions.keys()], ['a', 'b']);
    assert.equal(pool.looks, 1);
  });

  it('has no more drain at once than the pool allows, and stops at those that are to stay', async () => {
    const pool = new PoolInMemory();
    for (const [index, node] of ['a', 'b', 'c', 'd', 'e'].entries()) pool.add(node, index);
    assert.deepEqual(await pool.run({ kind: 'all', keep: 1 }), GONE);
    assert.deepEqual([...pool.rooms.keys()], ['e']);
    assert.equal(pool.mostAtOnce, 2);
  });

  it('writes who decided, for which machine, and why', async () => {
    const pool = new PoolInMemory();
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

  const refused: [string, (pool: PoolInMemory) => void, RegExp][] = [
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
      const pool = new PoolInMemory();
      pool.add('a', 1);
      prepare(pool);
      await assert.rejects(pool.run({ kind: 'node', node: 'x' }), told);
      assert.equal(pool.decisions.size, 0);
    });
  }

  it('goes on where it was when it is run again', async () => {
    const pool = new PoolInMemory();
    for (const node of ['a', 'b', 'c']) pool.add(node, 1);
    await pool.run({ kind: 'all', keep: 1 }, { wait: false });
    assert.deepEqual(await pool.run({ kind: 'all', keep: 1 }), GONE);
    assert.equal(pool.rooms.size, 1);
  });

  it('survives a look that fails, and gives up after five in a row', async () => {
    const pool = new PoolInMemory();
    pool.add('a', 2);
    for (const look of [2, 3, 4, 5]) pool.unreadable.add(look);
    assert.deepEqual(await pool.run({ kind: 'node', node: 'a' }), GONE);
    assert.match(pool.said.join('\n'), /could not be read: HTTP 500/);

    const refusing = new PoolInMemory();
    refusing.add('a', 1);
    refusing.refusals = 100;
    await assert.rejects(refusing.run({ kind: 'node', node: 'a' }), /5 times in a row/);
    assert.match(refusing.said[0] ?? '', /a could not be asked to leave: HTTP 403/);
  });
});
