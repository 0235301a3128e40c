import type { Outcome, Runner } from './runner.ts';
import { shrink } from './shrink.ts';
import { addRun, NO_RUNS, type Summary } from './summary.ts';

/** The first schedule that went wrong, and the fewest of its steps with which something still does. */
export interface Finding {
  seed: number;
  /** In the whole schedule. */
  violation: string;
  only: readonly number[];
  steps: number;
  /** With these steps alone. */
  least: Outcome;
}

export interface Search {
  summary: Summary;
  finding: Finding | undefined;
}

/** Runs schedules one after the other until one goes wrong; that one is then made as small as it gets. */
export async function search(
  run: Runner,
  seed: number,
  runs: number,
  progress: (summary: Summary) => void,
): Promise<Search> {
  let summary = NO_RUNS;
  for (let index = 0; index < runs; index += 1) {
    const outcome = await run(seed + index);
    summary = addRun(summary, outcome);
    progress(summary);
    if (outcome.violation !== undefined)
      return { summary, finding: await findLeast(run, seed + index, outcome, outcome.violation) };
  }
  return { summary, finding: undefined };
}

async function findLeast(run: Runner, seed: number, whole: Outcome, violation: string): Promise<Finding> {
  const all = Array.from({ length: whole.steps }, (_, place) => place);
  const only = await shrink(all, async (fewer) => (await run(seed, fewer)).violation !== undefined);
  return { seed, violation, only, steps: whole.steps, least: await run(seed, only) };
}
