import type { ChaosCloud } from '../cloud.ts';
import { drawGcp, GCP_FAULTS } from './draw.ts';
import { GCP_GUARDS } from './guards.ts';
import type { GcpPlan } from './plan.ts';
import type { GcpStep } from './step.ts';
import { createGcpWorld } from './world.ts';

export const gcpCloud: ChaosCloud<GcpPlan, GcpStep> = {
  name: 'gcp',
  faults: GCP_FAULTS,
  guards: GCP_GUARDS,
  // A machine that somebody took out is seen to once it was seen twice, in runs that may be missing for minutes.
  noticesWithinMs: 480_000,
  draw: drawGcp,
  create: createGcpWorld,
};
