import * as v from 'valibot';
import { durationBetween } from './duration-schema.ts';

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535));
const path = v.pipe(v.string(), v.minLength(1));

/** How the media process is found: a systemd unit, or a file that holds its pid. */
const runtimeSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('systemd'), unit: path }),
  v.strictObject({ kind: v.literal('pid-file'), path, start: v.optional(v.array(v.string())) }),
]);

/** LiveKit's own `redis` block, as far as one server by its address goes. Other members are LiveKit's affair. */
export const livekitRedisSchema = v.object({
  address: v.pipe(v.string(), v.minLength(1)),
  username: v.optional(v.string()),
  password: v.optional(v.string()),
  db: v.optional(v.number()),
  use_tls: v.optional(v.boolean()),
});

const livekitSchema = v.strictObject({
  kind: v.literal('livekit'),
  name: v.optional(v.string(), 'livekit'),
  metricsUrl: v.pipe(v.string(), v.url()),
  capacity: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  runtime: runtimeSchema,
  /** A file that holds LiveKit's `redis` block as JSON: with it a doubt about a signal ends by asking, not by waiting. */
  redisFile: v.optional(path),
});

const awsSchema = v.strictObject({
  kind: v.literal('aws'),
  region: v.string(),
  group: v.string(),
  launchHook: v.optional(v.string()),
  terminateHook: v.string(),
  onRebalance: v.optional(v.picklist(['report', 'drain']), 'report'),
});

/**
 * `/etc/ebbtide/agent.json`: what the agent is told by its stack. Paths are absolute; durations are written with units.
 * `ceiling` is the longest drain that the operator allows; absent means without end.
 */
export const agentConfigSchema = v.strictObject({
  pool: v.string(),
  cloud: v.variant('kind', [awsSchema]),
  /** `statusName`: what the store binds to this one node (AWS: its role's unique id, a colon, its instance id). */
  registry: v.strictObject({ kind: v.literal('bucket'), bucket: v.string(), statusName: v.string() }),
  media: v.variant('kind', [livekitSchema]),
  software: v.optional(v.strictObject({ template: v.optional(v.string()) }), {}),
  stateDirectory: v.optional(path, '/var/lib/ebbtide'),
  socketPath: v.optional(path, '/run/ebbtide/agent.sock'),
  http: v.optional(
    v.strictObject({ address: v.optional(v.string(), 'private'), port: v.optional(port, 9876) }),
    {},
  ),
  inhibitShutdown: v.optional(v.boolean(), true),
  scaleIn: v.optional(
    v.strictObject({
      ceiling: v.optional(durationBetween('1s', '90d')),
      onCeiling: v.optional(v.picklist(['keep', 'cut']), 'keep'),
      warnAfter: v.optional(durationBetween('1s', '20d'), '4h'),
    }),
    {},
  ),
  every: v.optional(
    v.strictObject({
      tick: v.optional(durationBetween('100ms', '10s'), '250ms'),
      notice: v.optional(durationBetween('100ms', '10s'), '1s'),
      spot: v.optional(durationBetween('100ms', '1h'), '5s'),
      tags: v.optional(durationBetween('100ms', '1h'), '20s'),
      runtime: v.optional(durationBetween('100ms', '10s'), '1s'),
      unit: v.optional(durationBetween('100ms', '1h'), '30s'),
      work: v.optional(durationBetween('100ms', '10s'), '2s'),
      publish: v.optional(durationBetween('100ms', '1h'), '20s'),
      heartbeat: v.optional(durationBetween('100ms', '1h'), '5m'),
      retry: v.optional(durationBetween('100ms', '1h'), '5s'),
    }),
    {},
  ),
  timeout: v.optional(
    v.strictObject({
      metadata: v.optional(durationBetween('100ms', '1h'), '1s'),
      api: v.optional(durationBetween('100ms', '1h'), '5s'),
      media: v.optional(durationBetween('100ms', '1h'), '1500ms'),
      runtime: v.optional(durationBetween('100ms', '10s'), '5s'),
    }),
    {},
  ),
});

/** As it is written in the file. */
export type AgentConfigFile = v.InferInput<typeof agentConfigSchema>;
/** As the agent uses it: every default filled in, durations in milliseconds. */
export type AgentConfig = v.InferOutput<typeof agentConfigSchema>;
