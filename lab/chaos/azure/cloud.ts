import type { ChaosCloud } from '../cloud.ts';
import { AZURE_FAULTS, drawAzure } from './draw.ts';
import { AZURE_GUARDS } from './guards.ts';
import type { AzurePlan } from './plan.ts';
import { createRunbooks } from './runbook.ts';
import type { AzureStep } from './step.ts';
import { createAzureWorld } from './world.ts';

const runbooks = createRunbooks();

export const azureCloud: ChaosCloud<AzurePlan, AzureStep> = {
  name: 'azure',
  faults: AZURE_FAULTS,
  guards: AZURE_GUARDS,
  // The lock of a job that died is free after a minute, and wakes may be missing for minutes.
  noticesWithinMs: 480_000,
  draw: drawAzure,
  create: (plan, kit) => createAzureWorld(plan, kit, runbooks),
};
