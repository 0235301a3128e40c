import { awsCloud } from '../../lab/chaos/aws/cloud.ts';
import type { AwsPlan } from '../../lab/chaos/aws/plan.ts';
import type { AwsStep } from '../../lab/chaos/aws/step.ts';
import { type Row, testRows } from '../support/chaos-rows.ts';

const SECOND = 1_000;
const PLAN: AwsPlan = {
  desired: 3,
  min: 1,
  max: 4,
  zones: 2,
  maxDrains: 2,
  coolDownMs: 0,
  hookTimeoutMs: 60 * SECOND,
  heartbeatMs: 20 * SECOND,
  ceilingMs: undefined,
  onCeiling: 'keep',
  warnAfterMs: 240 * SECOND,
  onRebalance: 'report',
  hasMediaRegistry: false,
};

const ROWS: Row<AwsPlan, AwsStep>[] = [
  {
    given: 'nodes that cannot hear that they go, and a question about another zone',
    steps: [
      {
        at: 62 * SECOND,
        kind: 'network',
        callers: 'all',
        way: 'metadata',
        mischief: 'lost',
        forMs: 142 * SECOND,
        each: 1,
      },
      { at: 79 * SECOND, kind: 'desired', to: 1 },
      { at: 110 * SECOND, kind: 'replace-one', cause: 'REBALANCE' },
    ],
  },
  {
    given: 'a spot machine that is told twice that it is taken back',
    steps: [
      { at: 60 * SECOND, kind: 'room', node: 0, people: 3, forMs: 180 * SECOND },
      { at: 70 * SECOND, kind: 'spot-notice', node: 0, noticeMs: 120 * SECOND },
      { at: 100 * SECOND, kind: 'spot-notice', node: 0, noticeMs: 120 * SECOND },
    ],
  },
  {
    given: 'a node that takes work again by an operator, while nothing can be written',
    steps: [
      { at: 80 * SECOND, kind: 'operator-drain', node: 1 },
      { at: 100 * SECOND, kind: 'disk-full', node: 1, forMs: 37 * SECOND },
      { at: 103 * SECOND, kind: 'operator-resume', node: 1 },
    ],
  },
  {
    given: 'a clock that is set, then a drain, then a boot',
    plan: { ceilingMs: 150 * SECOND, onCeiling: 'cut' },
    steps: [
      { at: 50 * SECOND, kind: 'room', node: 1, people: 2, forMs: 122 * SECOND },
      { at: 60 * SECOND, kind: 'clock-jump', node: 0, byMs: 3_600 * SECOND },
      { at: 97 * SECOND, kind: 'desired', to: 1 },
      { at: 104 * SECOND, kind: 'runtime-silent', node: 0, forMs: 116 * SECOND },
      { at: 160 * SECOND, kind: 'reboot', node: 0, downMs: 37 * SECOND },
    ],
  },
  {
    given: 'a clock that is set back while a node drains, and then its state is lost',
    steps: [
      { at: 102 * SECOND, kind: 'room', node: 4, people: 1, forMs: 133 * SECOND },
      { at: 110 * SECOND, kind: 'desired', to: 1 },
      { at: 112 * SECOND, kind: 'room', node: 1, people: 3, forMs: 129 * SECOND },
      { at: 123 * SECOND, kind: 'clock-jump', node: 1, byMs: -3_600 * SECOND },
      { at: 167 * SECOND, kind: 'state-garbled', node: 1, downMs: 2 * SECOND },
    ],
  },
];

testRows(awsCloud, PLAN, ROWS);
