import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { explain } from '../../cli/explain/explain.ts';
import { PoolInMemory } from './support/pool-in-memory.ts';

async function run(node: string, prepare: (pool: PoolInMemory) => void = () => undefined, json = false) {
  const pool = new PoolInMemory();
  pool.add('a', 1);
  prepare(pool);
  const texts = { out: '', err: '' };
  const into = (name: 'out' | 'err') => ({
    write(text: string) {
      texts[name] += text;
    },
  });
  const { signal } = new AbortController();
  const source = { kind: 'pulumi', stack: undefined } as const;
  const command = { kind: 'explain', node, json, source } as const;
  const code = await explain(pool, command, { out: into('out'), err: into('err'), signal });
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
