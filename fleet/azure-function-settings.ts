import * as v from 'valibot';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const name = v.pipe(v.string(), v.minLength(1));

/**
 * What the scale-in runbook is told by its stack: the job's one parameter, as the base64 of this as JSON, since a
 * parameter may lose its quotes on its way. The runbook checks what it needs of it for itself.
 */
export const scaleInSettingsSchema = v.strictObject({
  pool: name,
  /** The scale set's id: `/subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/virtualMachineScaleSets/NAME`. */
  scaleSet: v.pipe(
    v.string(),
    v.regex(
      /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Compute\/virtualMachineScaleSets\/[^/]+$/,
    ),
  ),
  /** The blob endpoint of the pool's storage account; its containers are `statuses`, `decisions` and `memory`. */
  store: v.pipe(v.string(), v.url()),
  minServing: count,
  maxDrains: v.pipe(count, v.minValue(1)),
  coolDownMs: count,
  warmUpMs: count,
  /** For how long more nodes must have served than the load needs. */
  lowForMs: count,
  warnAfterMs: count,
  /** The processor load, from 0 to 1, that the scaling aims at; without it the load makes no node go. */
  targetCpu: v.optional(v.pipe(v.number(), v.minValue(0.01), v.maxValue(1))),
  currentTemplate: v.optional(v.string()),
  /** Of the job's identity, where it is a user-assigned one. */
  identityClientId: v.optional(name),
  /** The resource manager: of another cloud of Azure's than the public one, or of a twin. */
  arm: v.optional(v.pipe(v.string(), v.url())),
  /** How long one attempt of a request may take; when the lock is renewed. */
  requestMs: v.optional(v.pipe(count, v.minValue(1))),
  renewMs: v.optional(count),
});
export type ScaleInSettings = v.InferOutput<typeof scaleInSettingsSchema>;

/** The runbook's parameter. */
export function encodeScaleInSettings(settings: ScaleInSettings): string {
  return Buffer.from(JSON.stringify(v.parse(scaleInSettingsSchema, settings))).toString('base64');
}
