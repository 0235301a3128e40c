import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { describe as describeHappening } from '../../lab/chaos/happening.ts';
import { TESTED } from '../../lab/chaos/runner.ts';
import { search } from '../../lab/chaos/search.ts';

/** As many as fit in some forty seconds; `npm run chaos` runs more. */
const MOST_RUNS = 1_000;

export interface CloudTest {
  /** There are more than so many. */
  drains: number;
  runs?: number;
  /** Whether what it needs is on this machine. */
  canRun?: () => boolean;
}

/** One cloud under fault injection: each in a file of its own, so that they run side by side. */
export function testCloud(cloud: string, { drains, runs = MOST_RUNS, canRun = () => true }: CloudTest): void {
  const tested = TESTED[cloud];
  if (tested === undefined) throw new Error(`no world of ${cloud} is there`);
  const { run, faults } = tested;

  describe(`fault injection on ${cloud}`, () => {
    before(function () {
      if (!canRun()) this.skip();
    });

    it(`${runs} schedules of faults, and nothing that must never happen`, async function () {
      // Some minutes of a processor, which it seldom has for itself.
      this.timeout(1_800_000);
      const { summary, finding } = await search(run, 1, runs, () => undefined);
      if (finding !== undefined) {
        const trace = finding.least.history.map(describeHappening).join('\n');
        assert.fail(
          `${finding.violation}\nnpm run chaos -- --cloud ${cloud} --seed ${finding.seed} --only ${finding.only.join(',')}\n${trace}`,
        );
      }
      assert.equal(summary.runs, runs);
      // Trouble keeps some schedules from any, and makes others have several.
      assert.ok(summary.drains > drains, `${summary.drains} drains`);
      const neverHappened = faults.filter((kind) => summary.kinds[kind] === undefined);
      assert.deepEqual(neverHappened, [], 'a fault that never happens tests nothing');
    });

    it('the same seed gives the same trace, byte for byte', async () => {
      for (const seed of [7, 1238, 4_000_000]) {
        const [once, again] = [await run(seed), await run(seed)];
        assert.ok(once.history.length > 20);
        assert.equal(
          once.history.map(describeHappening).join('\n'),
          again.history.map(describeHappening).join('\n'),
        );
      }
    });
  });
}
