import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { describeDuration, formatDuration, parseDuration } from '../../fleet/duration.ts';
import { durationMs } from '../../fleet/duration-schema.ts';

describe('durations', () => {
  const rows: [string, number | undefined][] = [
    ['500ms', 500],
    ['90s', 90_000],
    [' 15m ', 900_000],
    ['48h', 172_800_000],
    ['7d', 604_800_000],
    ['0s', 0],
    ['90', undefined],
    ['1.5h', undefined],
    ['-1s', undefined],
    ['1h30m', undefined],
    ['1 h', undefined],
    ['1H', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of rows) {
    it(`"${text}" is ${expected ?? 'none'}`, () => assert.equal(parseDuration(text), expected));
  }

  it('are written so that they read back as the same', () => {
    fc.assert(
      fc.property(fc.nat(), (ms) => {
        assert.equal(parseDuration(formatDuration(ms)), ms);
      }),
    );
    assert.equal(formatDuration(90_000), '90s');
    assert.equal(formatDuration(7_200_000), '2h');
  });

  const spoken: [number, string][] = [
    [41_000, '41 s'],
    [119_400, '119 s'],
    [120_000, '2 min'],
    [11_520_000, '3 h 12 min'],
    [-5, '0 s'],
  ];
  for (const [ms, expected] of spoken) {
    it(`${ms} ms is said as ${expected}`, () => assert.equal(describeDuration(ms), expected));
  }

  it('without a unit are refused with what would be right', () => {
    const parsed = v.safeParse(durationMs, '90');
    assert.match(parsed.issues?.[0].message ?? '', /"90" is not a duration.*"90s"/);
    assert.match(v.safeParse(durationMs, 90).issues?.[0].message ?? '', /with a unit/);
    assert.equal(v.parse(durationMs, '90s'), 90_000);
  });
});
