import * as v from 'valibot';

/** What the twin engine takes, strictly: what our code sends and no more. */

const restartPolicySchema = v.strictObject({
  Name: v.picklist(['no', 'on-failure', 'unless-stopped', 'always']),
  MaximumRetryCount: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
});

export const definitionSchema = v.strictObject({
  Image: v.string(),
  Cmd: v.pipe(v.array(v.string()), v.minLength(1)),
  Env: v.optional(v.array(v.pipe(v.string(), v.includes('='))), []),
  Labels: v.optional(v.record(v.string(), v.string()), {}),
  /** What `docker stop` sends. Another signal than this one leaves the restart policy in force. */
  StopSignal: v.optional(v.pipe(v.string(), v.startsWith('SIG'))),
  User: v.optional(v.pipe(v.string(), v.regex(/^\d+:\d+$/))),
  HostConfig: v.strictObject({
    NetworkMode: v.literal('host'),
    Binds: v.optional(v.array(v.string()), []),
    RestartPolicy: v.optional(restartPolicySchema, { Name: 'no' }),
    // Rights and limits: a child process has ours, whatever they say.
    CapDrop: v.optional(v.tuple([v.literal('ALL')])),
    SecurityOpt: v.optional(v.tuple([v.literal('no-new-privileges')])),
    ReadonlyRootfs: v.optional(v.boolean()),
    Ulimits: v.optional(
      v.array(v.strictObject({ Name: v.literal('nofile'), Soft: v.number(), Hard: v.number() })),
    ),
  }),
});
export type Definition = v.InferOutput<typeof definitionSchema>;

export const updateSchema = v.strictObject({ RestartPolicy: restartPolicySchema });

export const filtersSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.strictObject({ label: v.optional(v.array(v.string())) }),
);

export const signalSchema = v.picklist(['SIGQUIT', 'SIGTERM', 'SIGKILL']);
