import type { ChaosCloud } from '../cloud.ts';
import { AWS_FAULTS, drawAws } from './draw.ts';
import { AWS_GUARDS } from './guards.ts';
import type { AwsPlan } from './plan.ts';
import type { AwsStep } from './step.ts';
import { createAwsWorld } from './world.ts';

export const awsCloud: ChaosCloud<AwsPlan, AwsStep> = {
  name: 'aws',
  faults: AWS_FAULTS,
  guards: AWS_GUARDS,
  noticesWithinMs: 240_000,
  draw: drawAws,
  create: createAwsWorld,
};
