import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { ChaosCloud } from '../../lab/chaos/cloud.ts';
import { describe as describeHappening } from '../../lab/chaos/happening.ts';
import type { CommonPlan } from '../../lab/chaos/plan.ts';
import { runSchedule } from '../../lab/chaos/run-schedule.ts';
import type { CommonStep, OwnStep } from '../../lab/chaos/step.ts';

/** A schedule that is written out, so that it stays what it is when schedules are drawn in another way. */
export interface Row<Plan, Own> {
  given: string;
  plan?: Partial<Plan>;
  steps: (CommonStep | Own)[];
  /** 300 s unless told. */
  calmAt?: number;
  /** What has to have happened, by its kind and a part of how it is described. */
  happens?: [string, RegExp][];
  /** What must not. */
  never?: [string, RegExp][];
}

/** Schedules of one cloud that once went wrong, or must not. `plan`: how their worlds are made unless a row says otherwise. */
export function testRows<Plan extends CommonPlan, Own extends OwnStep>(
  cloud: ChaosCloud<Plan, Own>,
  plan: Plan,
  rows: readonly Row<Plan, Own>[],
  canRun: () => boolean = () => true,
): void {
  describe(`schedules on ${cloud.name} that once went wrong, or must not`, () => {
    before(function () {
      if (!canRun()) this.skip();
    });

    for (const [seed, row] of rows.entries()) {
      it(row.given, async () => {
        const { steps, calmAt = 300_000, happens = [], never = [] } = row;
        const schedule = { seed, plan: { ...plan, ...row.plan }, steps, calmAt };
        const { violation, history } = await runSchedule(cloud, schedule);
        const trace = history.map(describeHappening);
        const has = ([kind, what]: [string, RegExp]) =>
          history.some((told, index) => told.kind === kind && what.test(trace[index] ?? ''));
        assert.equal(violation, undefined, trace.join('\n'));
        for (const each of happens) assert.ok(has(each), `no ${each.join(' ')}:\n${trace.join('\n')}`);
        for (const each of never) assert.ok(!has(each), `${each.join(' ')}:\n${trace.join('\n')}`);
      });
    }
  });
}
