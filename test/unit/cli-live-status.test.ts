import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { readArguments } from '../../cli/arguments.ts';
import type { Console } from '../../cli/console.ts';
import { status } from '../../cli/view/status.ts';
import { PoolInMemory } from './support/pool-in-memory.ts';

/** `TERM` and `look`: of the one at the terminal; `enoughAfter`: so many times he has seen it. */
async function run(
  typed: string,
  {
    out,
    TERM = 'xterm',
    enoughAt,
  }: {
    out?: Partial<Console['out']>;
    TERM?: string;
    enoughAt?: (pool: PoolInMemory) => 'look' | 'sleep' | undefined;
  } = {},
) {
  const pool = new PoolInMemory();
  for (let node = 0; node < 30; node += 1) pool.add(`n-${node}`, 1);
  const enough = new AbortController();
  const machines = pool.machines.bind(pool);
  pool.machines = async () => {
    const found = await machines();
    if (enoughAt?.(pool) !== 'look') return found;
    enough.abort();
    throw new Error('This operation was aborted');
  };
  const drawn: string[] = [];
  const command = readArguments(typed.split(' '));
  assert.ok(command.kind === 'status');
  const code = await status(pool, command, {
    out: { write: (text) => drawn.push(text), ...out },
    err: { write: () => true },
    environment: { TERM },
    sleep: async () => {
      if (enoughAt?.(pool) === 'sleep') enough.abort();
    },
    signal: enough.signal,
  });
  return { code, drawn, pool };
}

const TERMINAL = { isTTY: true, columns: 120, rows: 24 };
const CLEARS = '\u001b[H\u001b[2J';

describe('a table that is drawn anew', () => {
  it('is drawn until a person has seen enough, and never has more rows than the terminal', async () => {
    const enoughAt = ({ looks }: PoolInMemory) => (looks === 3 ? 'sleep' : undefined);
    const { code, drawn } = await run('status', { out: TERMINAL, enoughAt });
    assert.deepEqual([code, drawn.length], [0, 3]);
    for (const text of drawn) {
      assert.ok(text.startsWith(CLEARS), text);
      assert.ok(text.split('\n').length <= 24, text);
    }
  });

  it('stays as it was where a look was interrupted, and its exit code too', async () => {
    const enoughAt = ({ looks }: PoolInMemory) => (looks === 2 ? 'look' : undefined);
    const { code, drawn } = await run('status', { out: TERMINAL, enoughAt });
    assert.deepEqual([code, drawn.length], [0, 1]);
    const first = await run('status', { out: TERMINAL, enoughAt: () => 'look' });
    assert.deepEqual([first.code, first.drawn], [130, []]);
  });

  const once: [string, string, Parameters<typeof run>[1]][] = [
    ['no terminal', 'status', {}],
    ['a terminal that takes no commands', 'status', { out: TERMINAL, TERM: 'dumb' }],
    ['a terminal, and is asked once', 'status --once', { out: TERMINAL }],
    ['a terminal, and is asked for JSON', 'status --json', { out: TERMINAL }],
  ];
  for (const [what, typed, given] of once) {
    it(`is told once, whole and without commands, where there is ${what}`, async () => {
      const { code, drawn, pool } = await run(typed, given);
      assert.deepEqual([code, drawn.length, pool.looks], [0, 1, 1]);
      assert.ok(!drawn[0]?.includes('\u001b'));
      for (const node of pool.rooms.keys()) assert.ok(drawn[0]?.includes(node), node);
    });
  }
});
