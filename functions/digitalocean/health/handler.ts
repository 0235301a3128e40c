import { createRealClock } from '../../../fleet/clock.ts';
import { createHealthAction } from './answer-check.ts';

/** The composition root: what DigitalOcean calls. */
export const main = createHealthAction({
  environment: process.env,
  clock: createRealClock(),
  write: (line) => process.stdout.write(line),
});
