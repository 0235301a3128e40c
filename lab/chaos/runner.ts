import { createRandom } from '../rehearsal/random.ts';
import { awsCloud } from './aws/cloud.ts';
import { azureCloud } from './azure/cloud.ts';
import type { ChaosCloud } from './cloud.ts';
import { digitalOceanCloud } from './digitalocean/cloud.ts';
import { gcpCloud } from './gcp/cloud.ts';
import type { Guard } from './guard.ts';
import { COMMON_GUARDS } from './guards.ts';
import type { Told } from './happening.ts';
import type { CommonPlan } from './plan.ts';
import { runSchedule } from './run-schedule.ts';
import { COMMON_FAULTS, type OwnStep } from './step.ts';

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

/** A cloud that can be put to the test. */
export interface Tested {
  run: Runner;
  /** Every kind of trouble that it may meet. */
  faults: readonly string[];
  /** What can be taken out of the source, to see that it is missed. */
  guards: readonly Guard[];
}

/** By its name. */
export const TESTED: Readonly<Record<string, Tested>> = {
  aws: testedOf(awsCloud),
  azure: testedOf(azureCloud),
  digitalocean: testedOf(digitalOceanCloud),
  gcp: testedOf(gcpCloud),
};

function testedOf<Plan extends CommonPlan, Own extends OwnStep>(cloud: ChaosCloud<Plan, Own>): Tested {
  return {
    faults: [...COMMON_FAULTS, ...new Set(cloud.faults)],
    guards: [...COMMON_GUARDS, ...cloud.guards],
    async run(seed, only) {
      const { plan, steps, calmAt } = cloud.draw(createRandom(seed));
      const taken = only === undefined ? steps : steps.filter((_, place) => only.includes(place));
      const result = await runSchedule(cloud, { seed, plan, steps: taken, calmAt });
      return { ...result, steps: steps.length, kinds: taken.map(({ kind }) => kind) };
    },
  };
}
