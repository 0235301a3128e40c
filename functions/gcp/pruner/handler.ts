import { createRealClock } from '../../../fleet/clock.ts';
import { createWakeHandler } from './answer-wake.ts';
import { composePruner } from './compose.ts';

/** The composition root: what Cloud Run calls. */
export const prune = createWakeHandler(
  composePruner({
    environment: process.env,
    clock: createRealClock(),
    random: Math.random,
    write: (line) => process.stdout.write(line),
  }),
);
