import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { azureCloud } from '../../lab/chaos/azure/cloud.ts';
import type { AzurePlan } from '../../lab/chaos/azure/plan.ts';
import type { AzureStep } from '../../lab/chaos/azure/step.ts';
import { describe as describeHappening, type Told } from '../../lab/chaos/happening.ts';
import { runSchedule } from '../../lab/chaos/run-schedule.ts';
import type { CommonStep } from '../../lab/chaos/step.ts';
import { lackingFor } from '../../lab/rehearsal/lacking.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** How often its schedules wake the runbook. */
const QUARTER_MS = 15 * MINUTE_MS;
/** After that, Azure ends a command that runs on a machine, and whatever waits in it. */
const RUN_COMMAND_ENDS_MS = 90 * MINUTE_MS;

/** As it is in earnest: the alert looks every five minutes, the schedule each hour. */
const PLAN: AzurePlan = {
  size: 3,
  needed: 3,
  zones: 1,
  maxDrains: 1,
  coolDownMs: 60_000,
  lowForMs: 10 * MINUTE_MS,
  terminateNoticeMs: 15 * MINUTE_MS,
  ceilingMs: 48 * HOUR_MS,
  onCeiling: 'keep',
  warnAfterMs: 6 * HOUR_MS,
  hasMediaRegistry: true,
  wakes: { alertMs: 5 * MINUTE_MS, scheduleMs: QUARTER_MS },
};

const DAY_MS = 10 * HOUR_MS;
const LONG_CALL = { from: 2 * HOUR_MS - 5 * MINUTE_MS, until: 6 * HOUR_MS + 20 * MINUTE_MS };
/** One node has a call that lasts; those on the others are more, and longer still. Two of the three are enough. */
const DAY: (CommonStep | AzureStep)[] = [
  { at: LONG_CALL.from, kind: 'room', node: 0, people: 2, forMs: LONG_CALL.until - LONG_CALL.from },
  ...[1, 1, 2, 2].map((node) => ({ at: MINUTE_MS, kind: 'room', node, people: 9, forMs: DAY_MS }) as const),
  { at: 3 * MINUTE_MS, kind: 'room', node: 0, people: 2, forMs: LONG_CALL.from },
];
const NOBODY_WAKES: AzureStep = { at: 0, kind: 'wake-refused', forMs: DAY_MS };

/** When the load falls: the drain begins soon after, or by the next look but one of the schedules. */
const LOW: AzureStep = { at: 2 * HOUR_MS - 12 * MINUTE_MS, kind: 'load', needs: 2 };

const ROWS: {
  what: string;
  steps: (CommonStep | AzureStep)[];
  /** How long an empty machine may be paid for. */
  goneWithinMs: number;
}[] = [
  {
    what: 'woken by the alert and by its node',
    steps: [],
    goneWithinMs: 2 * MINUTE_MS,
  },
  {
    what: 'woken each quarter of an hour by its schedules, and by nobody else',
    steps: [NOBODY_WAKES],
    goneWithinMs: QUARTER_MS + 2 * MINUTE_MS,
  },
  {
    what: 'with an agent that dies past the hour and a half, and a job that stands still for ever',
    steps: [
      { at: 2.5 * HOUR_MS, kind: 'suspend-job', only: 'all', nth: 5 },
      ...[3.5, 3.6, 5].map(
        (hours) =>
          ({
            at: hours * HOUR_MS,
            kind: 'kill-agent',
            node: 0,
            boundary: 'any',
            when: 'before',
            nth: 1,
            downMs: 20_000,
          }) as const,
      ),
    ],
    goneWithinMs: 4 * MINUTE_MS,
  },
];

const why = lackingFor('azure');

describe(`a drain of four hours on Azure, with the real runbook and the real agent in virtual time${why ? ` (skipped: ${why})` : ''}`, function () {
  this.timeout(600_000);
  before(function () {
    if (why !== undefined) this.skip();
  });

  for (const { what, steps, goneWithinMs } of ROWS) {
    it(`ends well, ${what}`, async () => {
      const all = [...DAY, LOW, ...steps].sort((a, b) => a.at - b.at);
      const { violation, history } = await runSchedule(azureCloud, {
        seed: 1,
        plan: PLAN,
        steps: all,
        calmAt: DAY_MS - HOUR_MS,
      });
      const trace = () => history.map(describeHappening).join('\n');
      assert.equal(violation, undefined, trace());

      const first = <Kind extends Told['kind']>(kind: Kind) =>
        history.find((told): told is Extract<Told, { kind: Kind }> => told.kind === kind) ??
        assert.fail(`nothing was ${kind}:\n${trace()}`);
      const wanted = first('wanted');
      const released = first('released');
      const off = first('machine-off');
      const of = <Kind extends Told['kind']>(kind: Kind) => history.filter((told) => told.kind === kind);
      assert.deepEqual([of('wanted').length, of('signalled').length, of('machine-off').length], [1, 1, 1]);
      assert.equal(off.people, 0);
      assert.equal(released.people, 0);
      assert.ok(released.at >= LONG_CALL.until, 'no earlier than its last call');
      const drainMs = released.at - wanted.at;
      assert.ok(drainMs > 4 * HOUR_MS && drainMs > RUN_COMMAND_ENDS_MS, `drained for ${drainMs} ms`);
      assert.ok(off.at - LONG_CALL.until < goneWithinMs, `paid for ${off.at - LONG_CALL.until} ms empty`);
    });
  }
});
