import * as v from 'valibot';

const name = v.pipe(v.string(), v.minLength(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** By what the pool's function chooses who leaves: so that what it will do can be told beforehand. */
const rulesSchema = v.object({
  min: count,
  max: v.pipe(count, v.minValue(1)),
  maxDrains: v.pipe(count, v.minValue(1)),
  coolDownMs: count,
  warmUpMs: count,
  warnAfterMs: count,
});

const common = {
  v: v.literal(1),
  pool: name,
  /** What outdated nodes differ from. */
  template: v.string(),
  rules: rulesSchema,
  /**
   * Not where scaling.kind is none: nobody asks for fewer then, and on GCP nobody makes others. Absent in outputs of earlier
   * versions.
   */
  scales: v.optional(v.boolean()),
};

/**
 * Where a pool is and how it is kept, for whoever has rights of his own there: the stack's output `address`. Nothing in it
 * is secret. All names are the cloud's own.
 */
export const poolAddressSchema = v.variant('cloud', [
  v.object({
    cloud: v.literal('aws'),
    ...common,
    region: name,
    profile: v.optional(name),
    group: name,
    bucket: name,
  }),
  v.object({
    cloud: v.literal('azure'),
    ...common,
    subscriptionId: name,
    tenantId: v.optional(name),
    resourceGroup: name,
    /** The scale set. */
    group: name,
    autoscale: name,
    /** The storage account, and its blob endpoint. */
    storage: name,
    store: v.pipe(v.string(), v.url()),
  }),
  v.object({
    cloud: v.literal('gcp'),
    ...common,
    project: name,
    region: name,
    group: name,
    autoscaler: name,
    bucket: name,
  }),
  v.object({
    cloud: v.literal('digitalocean'),
    ...common,
    /** Of its buckets. */
    spacesRegion: name,
    buckets: v.object({ code: name, statuses: name, memory: name }),
  }),
]);
export type PoolAddress = v.InferOutput<typeof poolAddressSchema>;
export type PoolAddressOf<Cloud extends PoolAddress['cloud']> = Extract<PoolAddress, { cloud: Cloud }>;
