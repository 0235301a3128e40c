import * as v from 'valibot';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const some = v.pipe(count, v.minValue(1));
const name = v.pipe(v.string(), v.minLength(1));

/** The function's limit: what is longer is ended by DigitalOcean. By it one run knows that another is over. */
export const ORCHESTRATOR_LIMIT_MS = 60_000;

/** What the orchestrator is told by its stack. */
export const orchestratorSettingsSchema = v.pipe(
  v.strictObject({
    pool: name,
    /** Of its droplets, and of its buckets, where that is another. */
    region: name,
    spacesRegion: v.optional(name),
    buckets: v.strictObject({ code: name, statuses: name, memory: name }),
    /** How many nodes serve: from the one to the other, and at first as many as `initial` says. */
    /** 0: whoever empties it is not replaced; by itself it keeps one, or nothing would ask for another. */
    min: count,
    max: some,
    initial: v.optional(count),
    maxDrains: some,
    coolDownMs: count,
    warmUpMs: count,
    /** How long there must be too many before one goes. */
    lowForMs: count,
    warnAfterMs: count,
    /** A droplet that has never said a word by then is replaced. */
    bootTimeoutMs: some,
    /** Its image may start the media server before it announces itself: one that is silent may have calls then. */
    mayServeUnheard: v.optional(v.boolean()),
    /** The processor load, from 0 to 1, that the scaling aims at; without it the load changes nothing. */
    targetCpu: v.optional(v.pipe(v.number(), v.minValue(0.01), v.maxValue(1))),
    currentTemplate: v.optional(v.string()),
    /** What a new droplet is made of. */
    droplet: v.strictObject({
      size: name,
      /** A public image's slug, or the number of one's own. */
      image: v.union([name, some]),
      vpc: v.optional(name),
      sshKeys: v.optional(v.array(v.union([name, some]))),
      monitoring: v.optional(v.boolean()),
    }),
    /** Its user-data, in the bucket `code`, with the placeholders of `fleet/digitalocean/user-data.ts`. */
    userData: v.strictObject({ key: name, sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) }),
  }),
  v.check(({ min, max }) => min <= max, 'min is above max'),
);
export type OrchestratorSettings = v.InferOutput<typeof orchestratorSettingsSchema>;

function readJson({ dataset, addIssue, NEVER }: v.RawTransformContext<unknown>): unknown {
  if (typeof dataset.value !== 'string') return dataset.value;
  try {
    return JSON.parse(dataset.value);
  } catch {
    addIssue({ message: 'is not JSON' });
    return NEVER;
  }
}

/** A secret that is missing is told; what it is instead, is not. */
const secret = v.pipe(v.string('is not set'), v.minLength(1, 'is empty'));

/** The parameters of the action. What comes with a call beside them is left alone, but for `dryRun`. */
export const orchestratorParametersSchema = v.object({
  /** As JSON, or as it is. */
  settings: v.pipe(v.unknown(), v.rawTransform(readJson), orchestratorSettingsSchema),
  /** Of the API: droplet:create, read, update, delete; tag:create, read, delete; account, image and vpc:read. */
  apiToken: secret,
  /** Of the pool's three buckets. */
  spacesKeyId: secret,
  spacesSecretKey: secret,
  /** From which each node's own key is made. */
  poolSecret: secret,
});
export type OrchestratorParameters = v.InferInput<typeof orchestratorParametersSchema>;
