import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type ActingCommand, act } from '../../cli/act.ts';
import { readArguments } from '../../cli/arguments.ts';
import type { Console } from '../../cli/console.ts';
import { captured } from './support/captured.ts';
import { PoolInMemory } from './support/pool-in-memory.ts';

const OLD = { software: { agent: '1', template: 'lt-1' } };

interface Given {
  nodes?: Record<string, number>;
  min?: number;
  prepare?: (pool: PoolInMemory) => void;
  console?: Partial<Console>;
}

function commandOf(typed: string): ActingCommand {
  const command = readArguments(typed.split(' '));
  assert.ok(command.kind === 'remove' || command.kind === 'remove-all' || command.kind === 'roll', typed);
  return command;
}

async function run(typed: string, { nodes = { a: 1, b: 1, c: 1 }, min = 1, prepare, console }: Given = {}) {
  const pool = new PoolInMemory({ min });
  for (const [node, rooms] of Object.entries(nodes)) pool.add(node, rooms);
  prepare?.(pool);
  const { console: given, texts } = captured({ environment: { USER: 'ana' }, ...console });
  const code = await act(pool, commandOf(typed), given);
  return { code, pool, ...texts };
}

const terminal = (answer: string, asked: string[] = []): Partial<Console> => ({
  out: { write: () => true, isTTY: true },
  ask: async (question) => {
    asked.push(question);
    return answer;
  },
});
const removed = (pool: PoolInMemory) => [...pool.decisions.keys()];

describe('fleet remove and fleet roll, to their exit codes', () => {
  const rows: [string, string, Given, number][] = [
    ['one that is asked', 'remove a', {}, 0],
    ['one that is gone', 'remove a --wait', {}, 0],
    ['one that is not there', 'remove x', {}, 3],
    ['one that is protected', 'remove a', { prepare: (pool) => pool.protected.add('a') }, 3],
    ['all, of which some are asked', 'remove --all --yes', { nodes: { a: 1, b: 1, c: 1, d: 1 } }, 4],
    ['all, of which all may drain at once', 'remove --all --yes', {}, 0],
    ['all, until they are gone', 'remove --all --yes --wait', { nodes: { a: 1, b: 1, c: 1, d: 1 } }, 0],
    ['all, and nobody to say that it is meant', 'remove --all', {}, 3],
    ['all to zero, of a pool that is to have one', 'remove --all --to-zero --yes', {}, 3],
    ['all to zero, of a pool that may have none', 'remove --all --to-zero --yes --wait', { min: 0 }, 0],
    ['a roll of what is new already', 'roll', {}, 0],
    [
      'a roll of more than may drain at once',
      'roll',
      { prepare: (pool) => ['d', 'e', 'f'].map((node) => pool.add(node, 1, OLD)) },
      4,
    ],
    ['a roll with nodes of which nothing is known', 'roll', { prepare: (pool) => pool.silent.add('a') }, 1],
    [
      'a roll while another runs',
      'roll',
      {
        prepare: (pool) =>
          pool.store.objects.set('memory/rolls/x/000001.json', {
            body: JSON.stringify({ v: 1, id: 'x', by: 'bea', since: '2026-03-01T12:00:00.000Z' }),
            ageMs: 9_000,
          }),
      },
      3,
    ],
  ];
  for (const [what, typed, given, expected] of rows) {
    it(`${what}: ${expected}`, async () => {
      const { code, pool, err } = await run(typed, given);
      assert.equal(code, expected, err);
      if (expected === 3) assert.deepEqual(removed(pool), []);
    });
  }

  it('goes down to the minimum, or to zero where that is the minimum', async () => {
    const left = async (typed: string, min: number) => [...(await run(typed, { min })).pool.rooms.keys()];
    assert.deepEqual(await left('remove --all --yes --wait', 1), ['c']);
    assert.deepEqual(await left('remove --all --yes --wait', 2), ['b', 'c']);
    assert.deepEqual(await left('remove --all --to-zero --yes --wait', 0), []);
  });

  it('says what to do first where a cloud would start others', async () => {
    const { err } = await run('remove --all --to-zero --yes', { min: 2 });
    assert.match(err, /is to have 2 at least, and digitalocean would start others/);
    assert.match(err, /set ebbtide:pool.min to 0, run `pulumi up`/);
  });

  const replacements: [string, string][] = [
    ['remove a', 'if-needed'],
    ['remove a --replace', 'at-once'],
    ['remove --all --yes', 'never'],
  ];
  for (const [typed, expected] of replacements) {
    it(`"${typed}" replaces ${expected}`, async () => {
      assert.equal((await run(typed)).pool.replacement, expected);
    });
  }

  it('writes who decided, and why', async () => {
    const { pool } = await run('remove a --reason idle');
    const { by, reason } = pool.decisions.get('a') ?? assert.fail('nothing was decided');
    assert.deepEqual([by, reason], ['ana (fleet remove)', 'idle (serving, 1 rooms, 1 people)']);
  });

  it('asks a person whether all is meant, by the name of the pool', async () => {
    const asked: string[] = [];
    const refused = await run('remove --all', { console: terminal('yes', asked) });
    assert.deepEqual([refused.code, removed(refused.pool)], [3, []]);
    assert.match(asked[0] ?? '', /all nodes of the pool media but 1 on digitalocean/);
    const meant = await run('remove --all', { console: terminal('media\n') });
    assert.deepEqual([meant.code, removed(meant.pool)], [0, ['a', 'b']]);
  });

  it('is interrupted where a person interrupts that question, and asks nobody to leave', async () => {
    const interrupted = new AbortController();
    const ask = async () => {
      interrupted.abort();
      return '';
    };
    const { code, pool } = await run('remove --all', {
      console: { ...terminal(''), ask, signal: interrupted.signal },
    });
    assert.deepEqual([code, removed(pool)], [130, []]);
  });

  it('tells machines a line of JSON for each thing that happens', async () => {
    const { out, err } = await run('remove a --wait --json', { nodes: { a: 1 } });
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const { at } of events) assert.match(at, /^\d{4}-\d\d-\d\dT/);
    assert.deepEqual(
      events.map(({ event, node, outcome }) => [event, node ?? outcome]),
      [
        ['asked', 'a'],
        ['leaving', 'a'],
        ['leaving', 'a'],
        ['gone', 'a'],
        ['end', 'gone'],
      ],
    );
    assert.equal(err, '');
    const refused = await run('remove x --json');
    const { at: _at, ...event } = JSON.parse(refused.out);
    assert.deepEqual(event, {
      event: 'refused',
      code: 'no-such-node',
      reason: 'there is no node x in the pool. There are: a, b, c.',
    });
  });

  it('says that nobody is to leave where that is so', async () => {
    for (const typed of ['roll', 'remove --all --yes']) {
      const { code, out } = await run(typed, { nodes: { a: 1 } });
      assert.deepEqual([code, out], [0, 'Nobody is to leave: nothing was changed.\n'], typed);
    }
    assert.match((await run('remove a --wait', { nodes: { a: 1 } })).out, /a is gone\nDone: nobody is left/);
  });

  it('gives the lock of a roll back, however it ends', async () => {
    const { code, pool, err } = await run('roll', {
      prepare: (of) => {
        of.add('z', 1, OLD);
        of.refusals = 100;
      },
    });
    assert.equal(code, 1);
    assert.match(err, /z could not be asked to leave: HTTP 403/);
    const words = [...pool.store.objects.keys()].filter((key) => key.startsWith('memory/rolls/'));
    assert.deepEqual(
      words.map((key) => key.split('/').at(-1)),
      ['000001.json', 'over.json'],
    );
  });
});
