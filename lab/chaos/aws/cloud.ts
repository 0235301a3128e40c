import type { ChaosCloud } from '../cloud.ts';
import { drawAws } from './draw.ts';
import type { AwsPlan } from './plan.ts';
import type { AwsStep } from './step.ts';
import { createAwsWorld } from './world.ts';

export const awsCloud: ChaosCloud<AwsPlan, AwsStep> = {
  name: 'aws',
  draw: drawAws,
  bounds: ({ maxDrains, ceilingMs, onCeiling, warnAfterMs }) => ({
    maxDrains,
    cutAfterMs: onCeiling === 'cut' ? ceilingMs : undefined,
    warnAfterMs,
  }),
  create: createAwsWorld,
};
