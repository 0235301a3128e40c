import * as assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { buildOf, type PublishedAgent } from '../../fleet/agent-update.ts';
import { createVirtualTime } from '../../lab/chaos/virtual-time.ts';
import type { PublishedUpdate } from '../../node-agent/core/state.ts';
import { followUpdates } from '../../node-agent/update/follow.ts';
import type { Published } from '../../node-agent/update/updater.ts';

const START = 1_000_000;
const EVERY = 300_000;
const other = (update: PublishedAgent['update'] = 'automatic', digit = '2'): PublishedAgent => ({
  v: 1,
  version: digit,
  key: `software/${digit}`,
  sha256: digit.repeat(64),
  update,
});
const publishes = (agent: PublishedAgent): Published => ({ kind: 'other', agent, failed: undefined });
const UNKNOWN: Published = { kind: 'unknown', reason: 'the store says 503' };

function follow(published: Published) {
  const clock = createVirtualTime(START);
  const told: (PublishedUpdate | null)[] = [];
  const done: string[] = [];
  const logged: string[] = [];
  const world = { published, up: true, refuses: undefined as string | undefined, diskIsFull: false };
  const note = (what: string) => {
    if (world.diskIsFull) throw new Error('ENOSPC');
    done.push(what);
  };
  const follower = followUpdates({
    agent: {
      tellUpdate: (update) => told.push(update),
      isUp: () => world.up,
      isQuiet: () => true,
      stays: () => true,
    },
    updater: {
      look: async () => world.published,
      async take({ version }) {
        if (world.refuses !== undefined) throw new Error(world.refuses);
        done.push(`take ${version}`);
      },
      prove: () => note('prove'),
      settle: () => note('settle'),
    },
    node: 'i-1',
    everyMs: EVERY,
    clock,
    log: (_level, name) => logged.push(name),
    restart: () => done.push('restart'),
  });
  const pass = async (ms: number) => {
    // What is looked for at once is no timer's.
    await new Promise((resolve) => setImmediate(resolve));
    await clock.run(clock.now() + ms, () => false);
  };
  return {
    world,
    told,
    done,
    logged,
    follower,
    pass,
    states: () => told.map((update) => update?.state ?? null),
  };
}

describe('what the stack publishes', () => {
  it('is looked for at each start, so that an agent that ends soon after it can be replaced', async () => {
    const { done, pass } = follow(publishes(other()));
    await pass(1);
    assert.deepEqual(done, ['take 2']);
    await pass(200);
    assert.deepEqual(done, ['take 2', 'restart']);
  });

  it('has come up when it has said how it is, and stays only when it is there for ten minutes', async () => {
    const { world, done, pass } = follow({ kind: 'running' });
    world.up = false;
    await pass(60_000);
    assert.deepEqual(done, []);
    world.up = true;
    await pass(1_000);
    assert.deepEqual(done, ['prove']);
    await pass(599_000);
    assert.deepEqual(done, ['prove']);
    await pass(2_000);
    assert.deepEqual(done, ['prove', 'settle']);
  });

  it('is noted once there is room on the disk, and does not fill it with words until then', async () => {
    const { world, done, logged, pass } = follow({ kind: 'running' });
    world.diskIsFull = true;
    await pass(70_000);
    assert.deepEqual([done, logged], [[], Array(3).fill('update-not-noted')]);
    world.diskIsFull = false;
    await pass(30_000);
    world.diskIsFull = true;
    await pass(620_000);
    world.diskIsFull = false;
    await pass(30_000);
    assert.deepEqual(done, ['prove', 'settle']);
  });

  it('does not stay where it is stopped before', async () => {
    const { done, follower, pass } = follow({ kind: 'running' });
    await pass(20_000);
    follower.stop();
    await pass(3_600_000);
    assert.deepEqual(done, ['prove']);
  });

  it('has failed until it is taken, and is not told as still to come at each try', async () => {
    const { world, done, states, pass } = follow(publishes(other()));
    world.refuses = 'its sha256 is another';
    await pass(4 * EVERY);
    const [first, ...later] = states();
    assert.equal(first, 'pending');
    assert.ok(later.length >= 4);
    assert.deepEqual(new Set(later), new Set(['failed']));
    world.refuses = undefined;
    await pass(EVERY + 1);
    assert.equal(states().at(-1), 'pending');
    assert.ok(done.includes('take 2'));
  });

  it('is another matter when another one is published', async () => {
    const { world, told, pass } = follow(publishes(other()));
    world.refuses = 'its sha256 is another';
    await pass(1);
    world.published = publishes(other('manual', '3'));
    await pass(2 * EVERY);
    const last = told.at(-1);
    assert.deepEqual([last?.state, last?.build], ['pending', buildOf('3'.repeat(64))]);
  });

  it('is told as unknown where it cannot be read, and as failed where it had', async () => {
    const { world, told, states, pass } = follow(UNKNOWN);
    await pass(1);
    assert.deepEqual(
      told.map((update) => update && { ...update, since: 0 }),
      [{ state: 'unknown', version: '', build: '', since: 0, text: 'the store says 503' }],
    );
    world.published = { kind: 'other', agent: other(), failed: 'it did not come up in 3 starts' };
    await pass(EVERY);
    assert.equal(states().at(-1), 'failed');
    world.published = UNKNOWN;
    await pass(EVERY);
    assert.equal(states().at(-1), 'failed');
    world.published = { kind: 'running' };
    await pass(EVERY);
    assert.equal(states().at(-1), null);
  });
});
