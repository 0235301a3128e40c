import { createRandom } from '../rehearsal/random.ts';
import { awsCloud } from './aws/cloud.ts';
import type { ChaosCloud } from './cloud.ts';
import type { Told } from './happening.ts';
import { runSchedule } from './run-schedule.ts';

/** What came of one schedule. */
export interface Outcome {
  /** What is wrong, as a sentence; undefined: nothing. */
  violation: string | undefined;
  history: Told[];
  /** How many steps the schedule has, whether or not they were left out. */
  steps: number;
  /** The kinds of the steps that were taken. */
  kinds: string[];
  drains: number;
  virtualMs: number;
}

/** Runs schedules of one cloud, each drawn from its seed. `only`: the steps that happen, by their places; else all. */
export type Runner = (seed: number, only?: readonly number[]) => Promise<Outcome>;

/** The clouds that can be put to the test. */
export const RUNNERS: Readonly<Record<string, Runner>> = { aws: runnerOf(awsCloud) };

function runnerOf<Plan, Own extends { at: number; kind: string }>(cloud: ChaosCloud<Plan, Own>): Runner {
  return async (seed, only) => {
    const { plan, steps, calmAt } = cloud.draw(createRandom(seed));
    const taken = only === undefined ? steps : steps.filter((_, place) => only.includes(place));
    const result = await runSchedule(cloud, { seed, plan, steps: taken, calmAt });
    return { ...result, steps: steps.length, kinds: taken.map(({ kind }) => kind) };
  };
}
