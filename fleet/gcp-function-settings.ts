import * as v from 'valibot';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const name = v.pipe(v.string(), v.minLength(1));

/** What the pruner is told by its stack, as JSON in the variable EBBTIDE_SETTINGS. */
export const prunerSettingsSchema = v.strictObject({
  pool: name,
  project: name,
  region: name,
  group: name,
  autoscaler: name,
  bucket: name,
  /** Serving nodes that remain, whatever is recommended. */
  minServing: v.pipe(count, v.minValue(1)),
  maxDrains: v.pipe(count, v.minValue(1)),
  coolDownMs: count,
  warmUpMs: count,
  /** How long there must be too many before one goes. */
  lowForMs: count,
  warnAfterMs: count,
  currentTemplate: v.optional(v.string()),
});
export type PrunerSettings = v.InferOutput<typeof prunerSettingsSchema>;
