import * as v from 'valibot';
import { parseDuration } from './duration.ts';

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
