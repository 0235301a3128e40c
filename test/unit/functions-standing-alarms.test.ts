import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Finding } from '../../functions/watch/finding.ts';
import { alarmsAfter, NO_ALARMS } from '../../functions/watch/standing-alarms.ts';
import { NOW } from './support/fleet.ts';

const MINUTE = 60_000;
const PATIENCE = 2 * MINUTE;
const found = (name: string, node?: string, level: Finding['level'] = 'warn'): Finding => ({
  level,
  name,
  text: 'as a test has it',
  ...(node === undefined ? {} : { node }),
});

/** What is told after each of so many runs, a minute apart. */
function told(runs: readonly (readonly Finding[])[], everyMs = MINUTE): string[][] {
  let before = NO_ALARMS;
  return runs.map((findings, index) => {
    const after = alarmsAfter(before, findings, NOW + index * everyMs, PATIENCE);
    before = after;
    return after.alarms;
  });
}

const rows: [what: string, runs: readonly (readonly Finding[])[], expected: string[][]][] = [
  ['nothing is told of nothing', [[], []], [[], []]],
  ['an overdue drain is told at once', [[found('overdue', 'a')], []], [['overdue'], []]],
  [
    'silence is told when it has lasted for long, with what whoever reads it waits himself',
    Array(5).fill([found('unknown', 'a')]),
    [[], [], [], ['unknown'], ['unknown']],
  ],
  [
    'silence of another node each time is none that lasts',
    ['a', 'b', 'c', 'd', 'e'].map((node) => [found('unknown', node)]),
    [[], [], [], [], []],
  ],
  [
    'what was over meanwhile begins anew',
    [[found('unknown', 'a')], [found('unknown', 'a')], [], [found('unknown', 'a')], [found('unknown', 'a')]],
    [[], [], [], [], []],
  ],
  [
    'a run that failed once is not told, one after the other is',
    [[found('orchestrator-fails', undefined, 'error')], [found('orchestrator-fails', undefined, 'error')]],
    [[], ['orchestrator-fails']],
  ],
  [
    'what a node calls its alarms is not told, but that it has some',
    [[found('node-its-own-word', 'a')], [found('node-its-own-word', 'a'), found('overdue', 'b')]],
    [[], ['alarming', 'overdue']],
  ],
  [
    'what nodes call as everybody does is told by that name, and for half an hour where it is over at once',
    [[found('node-ceiling-reached', 'a'), found('node-calls-cut', 'a')], []],
    [['calls-cut', 'ceiling'], ['calls-cut']],
  ],
  [
    'that nobody may go is told once it has lasted for half an hour, and no longer than it lasts',
    [...Array(30).fill([found('scale-in-refused')]), []],
    [...Array(28).fill([]), ...Array(2).fill(['scale-in-refused']), []],
  ],
  ['what is for nobody is told to nobody', Array(3).fill([found('unknown', 'a', 'info')]), [[], [], []]],
];

describe('alarms that stand from run to run', () => {
  for (const [what, runs, expected] of rows)
    it(what, () => {
      assert.deepEqual(told(runs), expected);
    });

  it('remain for half an hour where what was found is over at once', () => {
    for (const name of ['never-came-up', 'forged-status']) {
      const after = told([[found(name, 'a')], ...Array(31).fill([])]);
      assert.deepEqual(
        after.map((alarms) => alarms.length),
        [...Array(30).fill(1), 0, 0],
        name,
      );
      assert.deepEqual(after[29], [name]);
    }
  });

  it('are told by what was found, and by no word of a node', () => {
    const word = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.record({ name: word, node: word }), { maxLength: 5 }), (all) => {
        const findings = all.map(({ name, node }) => found(`node-${name}`, node));
        const { alarms } = alarmsAfter(NO_ALARMS, findings, NOW, 3 * MINUTE);
        assert.deepEqual(alarms, all.length === 0 ? [] : ['alarming']);
      }),
    );
  });
});
