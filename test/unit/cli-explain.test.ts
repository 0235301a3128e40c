import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { explain } from '../../cli/explain/explain.ts';
import type { FleetQuestion } from '../../fleet/registry.ts';
import { captured } from './support/captured.ts';
import { statusOf } from './support/fleet.ts';
import { PoolInMemory } from './support/pool-in-memory.ts';

async function run(node: string, prepare: (pool: PoolInMemory) => void = () => undefined, json = false) {
  const pool = new PoolInMemory();
  pool.add('a', 1);
  prepare(pool);
  const { console, texts } = captured();
  const source = { kind: 'pulumi', stack: undefined } as const;
  const command = { kind: 'explain', node, json, source } as const;
  const code = await explain(pool, command, console);
  return { code, ...texts };
}

const decide = (pool: PoolInMemory) =>
  pool.kept.set('gone', {
    v: 1,
    id: 'd-1',
    node: 'gone',
    pool: 'media',
    at: '2026-03-01T11:00:00.000Z',
    by: 'ana (fleet remove)',
    cause: 'operator',
    intent: 'leave',
    reason: 'idle',
  });

describe('fleet explain', () => {
  it('tells of a node that is there', async () => {
    const { code, out } = await run('a');
    assert.equal(code, 0);
    assert.match(out, /^a \(pool media on digitalocean/);
  });

  it('tells by what a node went that is gone', async () => {
    const { code, out } = await run('gone', decide);
    assert.equal(code, 0);
    assert.match(out, /gone is not in the pool media on digitalocean any more/);
    assert.match(out, /ana \(fleet remove\) decided .* \(operator, decision d-1\) that it leaves: idle/);
    const { node, gone, decision } = JSON.parse((await run('gone', decide, true)).out);
    assert.deepEqual([node, gone, decision.id], ['gone', true, 'd-1']);
  });

  const silent = (pool: PoolInMemory, node: string) => {
    const readFleet = pool.registry.readFleet;
    const asked: (FleetQuestion | undefined)[] = [];
    Object.assign(pool.registry, {
      readFleet: async (_signal?: AbortSignal, question?: FleetQuestion) => {
        asked.push(question);
        const fleet = await readFleet();
        const last = statusOf(node, { work: { rooms: 3, people: 12 }, at: '2026-03-01T11:58:00.000Z' });
        fleet.nodes.set(node, { kind: 'stale', ageMs: 120_000, last });
        return fleet;
      },
    });
    return asked;
  };
  const LAST = /The last that it said, at 2026-03-01T11:58:00.000Z: serving, 3 rooms, 12 people, 0 jobs\./;

  it('tells the last words of one that is silent, and of one that is gone and of whom nothing was decided', async () => {
    const asked: unknown[] = [];
    const here = await run('a', (pool) => asked.push(silent(pool, 'a')));
    assert.match(here.out, LAST);
    assert.deepEqual(asked, [[{ lastWordsOf: new Set(['a']) }]]);
    const { code, out } = await run('z', (pool) => silent(pool, 'z'));
    assert.equal(code, 0);
    assert.match(out, LAST);
    assert.match(out, /Nobody has decided that it should go\.\n.*the cloud or a person has taken it away/);
    const told = JSON.parse((await run('z', (pool) => silent(pool, 'z'), true)).out);
    assert.deepEqual([told.gone, told.last.rooms, told.decision], [true, 3, undefined]);
  });

  it('says which there are where nothing is known of that one', async () => {
    const { code, err } = await run('x');
    assert.equal(code, 3);
    assert.match(err, /nothing is known of a node x in the pool media. There are: a\./);
  });

  it('takes none for gone where the machines could not be read', async () => {
    const { code, out, err } = await run('gone', (pool) => {
      decide(pool);
      pool.unreadable.add(1);
    });
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, /could not be read: HTTP 500/);
  });

  it('says that what nodes say is not verified', async () => {
    const { err } = await run('a', (pool) => Object.assign(pool, { doubt: 'the secret is not known' }));
    assert.match(err, /the secret is not known/);
  });
});
