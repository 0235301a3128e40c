import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, it } from 'mocha';
import { beginsAt, QUARTERS } from '../../stacks/azure/quarters.ts';

const MINUTE_MS = 60_000;

describe('the beginning of a schedule', () => {
  const rows: [now: string, quarter: (typeof QUARTERS)[number], begins: string][] = [
    ['2026-01-01T10:00:00.000Z', '15', '2026-01-01T10:15:00.000Z'],
    ['2026-01-01T10:00:01.000Z', '15', '2026-01-01T11:15:00.000Z'],
    ['2026-01-01T10:44:59.000Z', '00', '2026-01-01T11:00:00.000Z'],
    ['2026-01-01T10:45:01.000Z', '00', '2026-01-01T12:00:00.000Z'],
    ['2026-12-31T23:20:00.000Z', '30', '2027-01-01T00:30:00.000Z'],
  ];
  for (const [now, quarter, begins] of rows) {
    it(`at minute ${quarter}, of what is made at ${now}, is ${begins}`, () => {
      assert.equal(beginsAt(quarter, Date.parse(now)), begins);
    });
  }

  it('is never nearer than Azure takes, nor later than it must be, whenever it is made', () => {
    fc.assert(
      fc.property(fc.constantFrom(...QUARTERS), fc.integer({ min: 0, max: 4e12 }), (quarter, now) => {
        const ahead = Date.parse(beginsAt(quarter, now)) - now;
        assert.equal(beginsAt(quarter, now).slice(14, 16), quarter);
        assert.ok(ahead >= 15 * MINUTE_MS && ahead < 75 * MINUTE_MS, `${ahead}`);
      }),
    );
  });
});
