import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { doubtOutdated } from '../../fleet/outdated-words.ts';
import type { NodeReading } from '../../fleet/registry.ts';
import type { Phase } from '../../fleet/status.ts';
import type { StatusSignature } from '../../fleet/status-signature.ts';
import { statusOf } from './support/fleet.ts';

const FROM = Date.parse('2026-01-05T09:00:00Z');
const UNTIL = FROM + 4_000;

describe('what a node has signed, and when it says it did', () => {
  for (const [given, phase, signature, saidMs, expected] of [
    ['a word of now', 'empty', 'right', -2_000, 'right'],
    ['one that came while the others were read', 'empty', 'right', 3_000, 'right'],
    ['one that is as old as may be', 'leaving', 'right', -12_000, 'right'],
    ['one that is older, and that the store calls new', 'empty', 'right', -12_001, 'outdated'],
    ['one of last year', 'leaving', 'right', -31_000_000_000, 'outdated'],
    ['one of a clock that is a little ahead', 'empty', 'right', 7_000, 'right'],
    ['one of the future, which could be repeated for longer', 'empty', 'right', 7_001, 'outdated'],
    ['an old one for which nobody is deleted', 'serving', 'right', -50_000, 'right'],
    ['an old one that is not its own', 'empty', 'wrong', -50_000, 'wrong'],
    ['an old one where nothing is signed', 'empty', undefined, -50_000, undefined],
  ] as const satisfies [string, Phase, StatusSignature | undefined, number, StatusSignature | undefined][]) {
    it(`${given}: ${expected ?? 'as it was'}`, () => {
      const status = statusOf('a', { phase, at: new Date(FROM + saidMs).toISOString() });
      const reading: NodeReading = {
        kind: 'fresh',
        status,
        ageMs: 0,
        ...(signature === undefined ? {} : { signature }),
      };
      const fleet = doubtOutdated({ nodes: new Map([['a', reading]]), complete: true }, FROM, UNTIL);
      const found = fleet.nodes.get('a');
      assert.deepEqual(found, expected === signature ? reading : { ...reading, signature: expected });
    });
  }
});
