import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { bounded, type Finding, logFindings } from '../../functions/watch/finding.ts';

const many = (name: string, count: number): Finding[] =>
  Array.from({ length: count }, (_, index) => ({ level: 'warn', name, node: `n-${index}`, text: 'silent' }));

describe('what is found of a whole fleet', () => {
  for (const [count, told] of [
    [0, 0],
    [1, 1],
    [50, 50],
    [51, 51],
    [10_000, 51],
  ] as const) {
    it(`${count} of a kind are told in ${told} lines`, () =>
      assert.equal(bounded(many('unknown', count)).length, told));
  }

  it('says how many more there are, and hides no other kind', () => {
    const lines: [string, unknown][] = [];
    const rare: Finding = { level: 'error', name: 'registry-unknown', text: 'AccessDenied' };
    logFindings((level, event, { text }) => lines.push([`${level} ${event}`, text]), 'media', [
      ...many('unknown', 10_000),
      rare,
    ]);
    assert.deepEqual(lines.slice(-2), [
      ['error found-registry-unknown', 'AccessDenied'],
      ['warn found-unknown', 'and 9950 more'],
    ]);
  });
});
