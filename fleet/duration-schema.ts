import * as v from 'valibot';
import { formatDuration, parseDuration } from './duration.ts';

/** A written duration that parses to milliseconds. */
export const durationMs = v.pipe(
  v.string('must be a duration with a unit, such as "90s" or "48h"'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const parsed = parseDuration(dataset.value);
    if (parsed !== undefined) return parsed;
    addIssue({
      message: `"${dataset.value}" is not a duration: write a whole number and a unit, such as "90s" or "48h"`,
    });
    return NEVER;
  }),
);

/** The same, between two bounds, both of them allowed. */
export function durationBetween(least: string, most: string) {
  const [leastMs = 0, mostMs = 0] = [parseDuration(least), parseDuration(most)];
  return v.pipe(
    durationMs,
    v.check(
      (ms) => ms >= leastMs && ms <= mostMs,
      ({ input }) => `${formatDuration(input)} is out of range: from ${least} to ${most}`,
    ),
  );
}
