import { createRealClock } from '../../../fleet/clock.ts';
import { createAction } from './answer-call.ts';

/** The composition root: what DigitalOcean calls. */
export const main = createAction({
  environment: process.env,
  clock: createRealClock(),
  random: Math.random,
  write: (line) => process.stdout.write(line),
});
