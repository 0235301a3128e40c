import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createLog } from '../../node-agent/log.ts';

describe('the log of the agent', () => {
  const rows: [string, string | undefined, Record<string, unknown>, unknown][] = [
    ['has the decision that stands, whoever writes', 'd-1', { url: 'x' }, 'd-1'],
    ['has its own where a line speaks of another', 'd-1', { decision: 'd-2' }, 'd-2'],
    ['has none where none stands', undefined, {}, undefined],
  ];
  for (const [what, now, fields, expected] of rows) {
    it(what, () => {
      const lines: string[] = [];
      createLog(
        () => now,
        (line) => lines.push(line),
      )('info', 'event', fields);
      const { at, ...line } = JSON.parse(lines.join());
      assert.match(at, /^\d{4}-.*Z$/);
      assert.deepEqual(line, {
        level: 'info',
        event: 'event',
        ...fields,
        ...(expected === undefined ? {} : { decision: expected }),
      });
    });
  }
});
