/**
 * How long one run of Azure's scale-in runbook takes over a pool, and how much memory: the real one as a
 * job of the twin, whose services take 20 ms for each answer. The first run also protects them all, as none ever needs to
 * again, of 200 at most; the second is the ordinary one. A scale set has 1,000 instances at most.
 */
import type { Job } from '../lab/azure/automation/job.ts';
import { startRunbookWorld } from '../test/contract/support/azure/runbook-world.ts';
import { memoryMb, sizes } from './measure.ts';

const ANSWER_MS = 20;
const MAX_DRAINS = 20;
const BUDGET_MS = 30_000;
const DECIDED_BUDGET_MS = 10_000;
const BUDGET_MB = 400;

for (const instances of sizes(1_000)) {
  const world = await startRunbookWorld(instances, { answerMs: ANSWER_MS, pageSize: 120 });
  try {
    for (const [what, maxDrains, bare] of [
      ['protects all', MAX_DRAINS, true],
      ['ordinary', 2 * MAX_DRAINS, false],
    ] as const) {
      for (const instance of world.twin.machines()) {
        if (bare) instance.protection = undefined;
        world.serve(Number(instance.id));
      }
      world.lowFor(3_600_000, { needed: 10, size: instances });
      const startedAt = Date.now();
      const job = await world.startJob({ maxDrains, requestMs: 20_000 });
      const peakMb = await peakMemoryMb(job);
      const tookMs = Date.now() - startedAt;
      const { status, log } = await world.ended(job);
      const decidedAt = log.flatMap(({ event, at }) => (event === 'decided' ? [Date.parse(String(at))] : []));
      if (status !== 'Completed' || decidedAt.length !== MAX_DRAINS)
        throw new Error(`${MAX_DRAINS} should have been decided: ${job.lines.slice(-3).join('\n')}`);
      const decidedMs = Math.max(...decidedAt) - startedAt;
      const isOk = tookMs <= BUDGET_MS && decidedMs <= DECIDED_BUDGET_MS && peakMb <= BUDGET_MB;
      console.log(
        `runbook, ${instances} instances, services ${ANSWER_MS} ms, ${what}: last of ${MAX_DRAINS} decisions after ${seconds(decidedMs)} s ` +
          `(at most ${seconds(DECIDED_BUDGET_MS)} s), ended after ${seconds(tookMs)} s (at most ${seconds(BUDGET_MS)} s), ` +
          `${peakMb.toFixed(0)} MB (at most ${BUDGET_MB} MB): ${isOk ? 'ok' : 'TOO MUCH'}`,
      );
      if (!isOk) process.exitCode = 1;
    }
  } finally {
    await world.twin.close();
  }
}

/** Until the job ends. */
async function peakMemoryMb(job: Job): Promise<number> {
  let peak = 0;
  while (job.endedAt === undefined) {
    peak = Math.max(peak, (await memoryMb(job.process?.pid)) || 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return peak;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
