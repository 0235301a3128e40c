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
  HostConfig: v.strictObject({
    NetworkMode: v.literal('host'),
    Binds: v.optional(v.array(v.string()), []),
    RestartPolicy: v.optional(restartPolicySchema, { Name: 'no' }),
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
