import { hasPython } from '../../lab/azure/automation/python.ts';
import { azureCloud } from '../../lab/chaos/azure/cloud.ts';
import type { AzurePlan } from '../../lab/chaos/azure/plan.ts';
import type { AzureStep } from '../../lab/chaos/azure/step.ts';
import { type Row, testRows } from '../support/chaos-rows.ts';

const SECOND = 1_000;
const PLAN: AzurePlan = {
  size: 3,
  needed: 3,
  zones: 2,
  maxDrains: 1,
  coolDownMs: 0,
  lowForMs: 0,
  terminateNoticeMs: undefined,
  ceilingMs: undefined,
  onCeiling: 'keep',
  warnAfterMs: 240 * SECOND,
  hasMediaRegistry: false,
};

const ROWS: Row<AzurePlan, AzureStep>[] = [
  {
    given: 'nothing but that fewer are needed: one after the other is decided, and deleted',
    steps: [{ at: 50 * SECOND, kind: 'load', needs: 1 }],
    happens: [
      ['wanted', /3 serve/],
      ['wanted', /2 serve/],
      ['machine-off', /_0/],
    ],
  },
  {
    given: 'one of two that is off, and said a moment before that it serves: the other stays',
    plan: { size: 2, needed: 2 },
    steps: [
      { at: 52 * SECOND, kind: 'load', needs: 1 },
      { at: 55 * SECOND, kind: 'restarted', node: 1, downMs: 90 * SECOND },
    ],
  },
  {
    given: 'one whose disk is made anew in mid-drain: it is told again, and goes',
    steps: [
      { at: 50 * SECOND, kind: 'load', needs: 2 },
      { at: 131 * SECOND, kind: 'reimaged', node: { decided: 0 }, as: 'same' },
    ],
    happens: [['wanted', /#2/]],
  },
  {
    given: 'another machine under the name of one that is to go: what was decided is nothing to it',
    steps: [
      { at: 50 * SECOND, kind: 'load', needs: 2 },
      { at: 102 * SECOND, kind: 'reimaged', node: { decided: 0 }, as: 'another' },
      { at: 103 * SECOND, kind: 'load', needs: 3 },
    ],
    never: [['agent-says', /#2.*drain-decided/]],
  },
  {
    given: 'a person deletes one that drains: that drain is none of ours any more',
    plan: { terminateNoticeMs: 300 * SECOND },
    steps: [
      { at: 60 * SECOND, kind: 'room', node: 0, people: 1, forMs: 150 * SECOND },
      { at: 60 * SECOND, kind: 'room', node: 1, people: 1, forMs: 150 * SECOND },
      { at: 60 * SECOND, kind: 'room', node: 2, people: 1, forMs: 150 * SECOND },
      { at: 70 * SECOND, kind: 'load', needs: 1 },
      { at: 160 * SECOND, kind: 'deleted-by-person', node: { decided: 0 } },
    ],
  },
  {
    given: 'a job that dies with the lock: the next ones find it taken, and one decides after a minute',
    steps: [
      { at: 50 * SECOND, kind: 'load', needs: 1 },
      { at: 80 * SECOND, kind: 'kill-job', only: 'memory', when: 'before', nth: 1 },
    ],
    happens: [['wanted', /3 serve/]],
  },
  {
    given: 'a job that stands still before it decides, while the load grows and nobody else comes',
    steps: [
      { at: 50 * SECOND, kind: 'load', needs: 1 },
      {
        at: 80 * SECOND,
        kind: 'suspend-job',
        only: 'memory',
        nth: 1,
        forMs: 150 * SECOND,
      },
      { at: 98 * SECOND, kind: 'nothing-wakes', forMs: 170 * SECOND },
      { at: 100 * SECOND, kind: 'load', needs: 3 },
    ],
    calmAt: 400 * SECOND,
    never: [['wanted', /./]],
  },
  {
    given: 'a job that is suspended for ever',
    steps: [
      { at: 50 * SECOND, kind: 'load', needs: 1 },
      { at: 80 * SECOND, kind: 'suspend-job', only: 'memory', nth: 1 },
    ],
    happens: [['wanted', /3 serve/]],
  },
  {
    given:
      'half an hour in which nothing wakes the runbook: a node that becomes empty does, and is gone in seconds',
    steps: [
      { at: 50 * SECOND, kind: 'load', needs: 2 },
      { at: 128 * SECOND, kind: 'nothing-wakes', forMs: 1_800 * SECOND },
    ],
    calmAt: 600 * SECOND,
    happens: [
      ['woken', /./],
      ['released', /./],
    ],
  },
];

testRows(azureCloud, PLAN, ROWS, hasPython);
