import * as v from 'valibot';

/** The setting of that name, as Pulumi's configuration has it. */
export const onDestroySchema = v.optional(
  v.picklist(['refuse', 'cut'], 'ebbtide:onDestroy must be refuse or cut'),
  'refuse',
);

/** How long a request may take, all statuses together, and a whole sweep: nodes without calls are gone within minutes. */
export const REQUEST_TIMEOUT_MS = 10_000;
export const READ_BUDGET_MS = 20_000;
export const DEADLINE_MS = 20 * 60_000;

/** Pulumi shows a person what a provider's process writes. */
export function sayToPerson(text: string): void {
  process.stderr.write(`${text}\n`);
}
