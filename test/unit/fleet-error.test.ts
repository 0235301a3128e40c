import assert from 'node:assert/strict';
import { describeError } from '../../fleet/error.ts';

describe('an error on one line', () => {
  const rows: [string, unknown, string][] = [
    [
      'has its cause behind it',
      new Error('no answer', { cause: new Error('timeout') }),
      'no answer: timeout',
    ],
    [
      'says nothing twice',
      new Error('no answer: ECONNREFUSED 127.0.0.1:1', { cause: new Error('ECONNREFUSED 127.0.0.1:1') }),
      'no answer: ECONNREFUSED 127.0.0.1:1',
    ],
    ['has a name where it has no text', new TypeError(), 'TypeError'],
    ['may be anything', 'just a word', 'just a word'],
  ];
  for (const [what, error, told] of rows) {
    it(what, () => assert.equal(describeError(error), told));
  }
});
