import type { ChaosCloud } from '../cloud.ts';
import { DIGITALOCEAN_FAULTS, drawDigitalOcean } from './draw.ts';
import { DIGITALOCEAN_GUARDS } from './guards.ts';
import type { DigitalOceanPlan } from './plan.ts';
import type { DigitalOceanStep } from './step.ts';
import { createDigitalOceanWorld } from './world.ts';

export const digitalOceanCloud: ChaosCloud<DigitalOceanPlan, DigitalOceanStep> = {
  name: 'digitalocean',
  faults: DIGITALOCEAN_FAULTS,
  guards: DIGITALOCEAN_GUARDS,
  // A run that was ended keeps others from deciding for more than a minute, and triggers may be missing for minutes.
  noticesWithinMs: 480_000,
  draw: drawDigitalOcean,
  create: createDigitalOceanWorld,
};
