import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { type Decision, decisionSchema } from '../../fleet/decision.ts';
import { createDecisionId } from '../../fleet/decision-id.ts';
import { isEmptyWork, NO_WORK, statusSchema } from '../../fleet/status.ts';
import { ago, statusOf } from './support/fleet.ts';

describe('status', () => {
  it('of a newer agent is read, and what is not known of it ignored', () => {
    const status = statusOf('i-1', { work: { rooms: 2 } });
    const newer = { ...status, mood: 'fine', work: { ...status.work, pets: 3 }, media: [] };
    assert.deepEqual(v.parse(statusSchema, newer), status);
  });

  const wrong: [string, Record<string, unknown>][] = [
    ['another version', { v: 2 }],
    ['a phase that is none', { phase: 'sleeping' }],
    ['rooms below zero', { work: { ...NO_WORK, rooms: -1 } }],
    ['work with a member missing', { work: { rooms: 0, people: 0 } }],
    ['no work at all', { work: undefined }],
    ['a load above 1', { load: 1.5 }],
    ['a time that is none', { at: 'yesterday' }],
    ['no node', { node: '' }],
    ['protection that is neither', { protected: 'yes' }],
  ];
  for (const [given, changed] of wrong) {
    it(`with ${given} does not parse`, () => {
      assert.equal(v.safeParse(statusSchema, { ...statusOf('i-1'), ...changed }).success, false);
    });
  }

  it('is empty only without rooms, people and jobs of any kind', () => {
    assert.equal(isEmptyWork(NO_WORK), true);
    for (const kind of Object.keys(NO_WORK))
      assert.equal(isEmptyWork({ ...NO_WORK, [kind]: 1 }), false, kind);
  });
});

describe('decision', () => {
  const decision: Decision = {
    v: 1,
    id: 'x-1',
    node: 'i-1',
    pool: 'media',
    at: ago(0),
    by: 'termination-policy',
    cause: 'scale-in',
    intent: 'leave',
    reason: 'empty',
  };

  it('of a newer function is read, and what is not known of it ignored', () => {
    assert.deepEqual(v.parse(decisionSchema, { ...decision, weather: 'rain' }), decision);
  });

  for (const changed of [
    { cause: 'whim' },
    { intent: 'dance' },
    { id: '' },
    { node: '' },
    { at: 'now' },
    { v: 2 },
  ]) {
    it(`with ${JSON.stringify(changed)} does not parse`, () => {
      assert.equal(v.safeParse(decisionSchema, { ...decision, ...changed }).success, false);
    });
  }

  it('has an id that sorts by time, and differs within a moment', () => {
    const times = [0, 1, 1_700_000_000_000, 1_800_000_000_000, 4_000_000_000_000];
    const ids = times.map((time) => createDecisionId(time, () => 0.999999999));
    assert.deepEqual([...ids].sort(), ids);
    assert.ok(ids.every((id) => /^[0-9a-z]{9}-[0-9a-z]{5}$/.test(id)));
    assert.notEqual(
      createDecisionId(5, () => 0.1),
      createDecisionId(5, () => 0.2),
    );
  });
});
