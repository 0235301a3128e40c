import * as v from 'valibot';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What the termination policy is told by its stack, as JSON in the variable EBBTIDE_SETTINGS. */
export const terminationPolicySettingsSchema = v.strictObject({
  pool: v.string(),
  bucket: v.string(),
  maxDrains: v.pipe(v.number(), v.integer(), v.minValue(1)),
  coolDownMs: count,
  warmUpMs: count,
  currentTemplate: v.optional(v.string()),
});
export type TerminationPolicySettings = v.InferOutput<typeof terminationPolicySettingsSchema>;

/** What the watcher is told by its stack, as JSON in the variable EBBTIDE_SETTINGS. */
export const watcherSettingsSchema = v.strictObject({
  pool: v.string(),
  bucket: v.string(),
  group: v.string(),
  metricNamespace: v.string(),
  warnAfterMs: count,
});
export type WatcherSettings = v.InferOutput<typeof watcherSettingsSchema>;
