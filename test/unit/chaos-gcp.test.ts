import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { changeOf } from '../../lab/chaos/gcp/change.ts';
import { gcpCloud } from '../../lab/chaos/gcp/cloud.ts';
import type { GcpPlan } from '../../lab/chaos/gcp/plan.ts';
import type { GcpStep } from '../../lab/chaos/gcp/step.ts';
import { type Row, testRows } from '../support/chaos-rows.ts';

const SECOND = 1_000;
const PLAN: GcpPlan = {
  size: 3,
  min: 1,
  max: 4,
  zones: 2,
  maxDrains: 1,
  coolDownMs: 0,
  lowForMs: 0,
  ceilingMs: undefined,
  onCeiling: 'keep',
  warnAfterMs: 240 * SECOND,
  hasMediaRegistry: false,
};

describe('what a request of the pruner changes', () => {
  const store = 'http://gcp.test/upload/storage/v1/b/chaos-pool/o?uploadType=media&name=';
  const compute = 'http://gcp.test/compute/v1/projects/chaos';
  for (const [method, url, change] of [
    ['POST', `${store}memory%2Fpruner.json&ifGenerationMatch=0`, 'memory'],
    ['POST', `${store}decisions%2Febbtide-chaos-1.json`, 'decision'],
    ['POST', `${compute}/regions/r/instanceGroupManagers/g/abandonInstances`, 'take-out'],
    ['POST', `${compute}/zones/z/instances/i/setLabels`, 'mark'],
    ['DELETE', `${compute}/zones/z/instances/i`, 'removal'],
    ['POST', `${compute}/regions/r/instanceGroupManagers/g/listManagedInstances`, undefined],
    ['GET', 'http://gcp.test/storage/v1/b/chaos-pool/o/memory%2Fpruner.json?alt=media', undefined],
  ] as const) {
    it(`${method} ${url}: ${change ?? 'nothing'}`, () => assert.equal(changeOf({ method, url }), change));
  }
});

const ROWS: Row<GcpPlan, GcpStep>[] = [
  {
    given: 'a machine that a person takes out, and that dies before anybody has decided anything',
    steps: [
      { at: 61 * SECOND, kind: 'abandoned', node: 2 },
      { at: 87 * SECOND, kind: 'machine-dies', node: 2 },
    ],
  },
  {
    given: 'a machine that a person takes out while the store is gone',
    plan: { size: 2, warnAfterMs: 60 * SECOND },
    steps: [
      { at: 79 * SECOND, kind: 'store-gone', forMs: 600 * SECOND },
      { at: 306 * SECOND, kind: 'abandoned', node: 0 },
    ],
    calmAt: 680 * SECOND,
  },
  {
    given: 'a machine that is preempted before it can say so, and another that is too many',
    plan: { size: 2 },
    steps: [
      {
        at: 59 * SECOND,
        kind: 'kill-agent',
        node: 1,
        boundary: 'sync',
        when: 'before',
        nth: 1,
        downMs: 30_000,
      },
      { at: 94 * SECOND, kind: 'preempted', node: 1 },
      { at: 109 * SECOND, kind: 'recommend', to: 1 },
    ],
    calmAt: 240 * SECOND,
  },
  {
    given: 'a machine that is started again elsewhere in mid-drain, and is off for minutes',
    steps: [
      { at: 56 * SECOND, kind: 'recommend', to: 1 },
      { at: 58 * SECOND, kind: 'room', node: 1, people: 1, forMs: 74 * SECOND },
      { at: 116 * SECOND, kind: 'restarted', node: 1, downMs: 290 * SECOND },
    ],
    calmAt: 420 * SECOND,
  },
  {
    given: 'two that are empty in the group, as it gives none up: one reboots just before it is ended',
    plan: { maxDrains: 2, lowForMs: 60 * SECOND },
    steps: [
      { at: 68 * SECOND, kind: 'recommend', to: 1 },
      { at: 130 * SECOND, kind: 'quota', forMs: 119 * SECOND },
      { at: 252 * SECOND, kind: 'reboot', node: 0, downMs: 15 * SECOND },
    ],
  },
  {
    given: 'a machine that is decided, is not given up by its group, and is made anew under its name',
    steps: [
      { at: 61 * SECOND, kind: 'recommend', to: 2 },
      { at: 119 * SECOND, kind: 'quota', forMs: 60 * SECOND },
      { at: 130 * SECOND, kind: 'repaired', node: { decided: 0 } },
    ],
    happens: [['launched', /#2/]],
  },
  {
    given: 'one that is empty and not ended yet, boots again, and cannot tell that',
    steps: [
      { at: 61 * SECOND, kind: 'recommend', to: 2 },
      { at: 120 * SECOND, kind: 'wake-refused', forMs: 50 * SECOND },
      {
        at: 145 * SECOND,
        kind: 'network',
        callers: { node: { decided: 0 } },
        way: 'store',
        mischief: 'lost',
        forMs: 35 * SECOND,
        each: 1,
      },
      { at: 145 * SECOND, kind: 'reboot', node: { decided: 0 }, downMs: 15 * SECOND },
      { at: 161 * SECOND, kind: 'woken', forMs: 15 * SECOND, everyMs: 3 * SECOND },
    ],
    happens: [['media-started', /boot2/]],
  },
  {
    given:
      'a run that dies between its memory and its decision, where two are too many and one may go at a time',
    steps: [
      { at: 61 * SECOND, kind: 'recommend', to: 1 },
      { at: 119 * SECOND, kind: 'kill-pruner', only: 'decision', when: 'before', nth: 1 },
      { at: 125 * SECOND, kind: 'woken', forMs: 10 * SECOND, everyMs: 5 * SECOND },
    ],
    happens: [['function', /killed before a request: decision/]],
  },
  {
    given: 'an hour without a schedule: a node that becomes empty wakes the function, and is gone in seconds',
    steps: [
      { at: 70 * SECOND, kind: 'recommend', to: 2 },
      { at: 121 * SECOND, kind: 'scheduler-silent', forMs: 3_600 * SECOND },
    ],
    calmAt: 3_730 * SECOND,
    happens: [['released', /./]],
  },
];

testRows(gcpCloud, PLAN, ROWS);
