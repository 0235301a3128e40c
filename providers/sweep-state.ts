import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import type { SweepTools } from './sweep-loop.ts';

/** The setting of that name, as Pulumi's configuration has it. */
const onDestroySchema = v.optional(
  v.picklist(['refuse', 'cut'], 'ebbtide:onDestroy must be refuse or cut'),
  'refuse',
);

/** How long a request may take, all statuses together, and a whole sweep: nodes without calls are gone within minutes. */
export const REQUEST_TIMEOUT_MS = 10_000;
export const READ_BUDGET_MS = 20_000;
const DEADLINE_MS = 20 * 60_000;

/** What every sweep has that `pulumi destroy` runs. `onDestroy`: as the configuration has it. */
export function toolsOfDestroy(
  onDestroy: unknown,
  deadlineMs = DEADLINE_MS,
): Pick<SweepTools<never, never>, 'onDestroy' | 'now' | 'sleep' | 'say' | 'deadlineMs'> {
  return {
    onDestroy: v.parse(onDestroySchema, onDestroy),
    now: Date.now,
    sleep: async (ms) => {
      await sleep(ms);
    },
    // Pulumi shows a person what a provider's process writes.
    say: (text) => process.stderr.write(`${text}\n`),
    deadlineMs,
  };
}
