import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { awsCloud } from '../../lab/chaos/aws/cloud.ts';
import type { AwsPlan } from '../../lab/chaos/aws/plan.ts';
import type { AwsStep } from '../../lab/chaos/aws/step.ts';
import { describe as describeHappening } from '../../lab/chaos/happening.ts';
import { runSchedule } from '../../lab/chaos/run-schedule.ts';
import type { CommonStep } from '../../lab/chaos/step.ts';

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

/** Written out, so that they stay what they are when schedules are drawn in another way. */
const ROWS: { given: string; steps: (CommonStep | AwsStep)[] }[] = [
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
];

describe('schedules on AWS that once went wrong', () => {
  for (const [seed, { given, steps }] of ROWS.entries()) {
    it(given, async () => {
      const { violation, history } = await runSchedule(awsCloud, {
        seed,
        plan: PLAN,
        steps,
        calmAt: 300 * SECOND,
      });
      assert.equal(violation, undefined, history.map(describeHappening).join('\n'));
    });
  }
});
