import * as v from 'valibot';
import { agentCloudSchema } from './clouds.ts';
import { durationBetween } from './duration-schema.ts';
import { path } from './node-schemas.ts';

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535));

const capacity = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)));
/** What a container engine takes as a name, and what names a label, with its value or without. */
export const CONTAINER_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
export const CONTAINER_LABEL = /^[^=\s]+(=.*)?$/;
const containerName = v.pipe(v.string(), v.regex(CONTAINER_NAME, 'must be the name of a container'));

export const RESTART_POLICIES = ['no', 'on-failure', 'unless-stopped', 'always'] as const;
export type RestartPolicy = (typeof RESTART_POLICIES)[number];

/**
 * A container engine that speaks the Docker Engine API. While a node drains, its containers have the restart policy
 * `no`; `restartPolicy` is what they get back when they are started afresh.
 */
const engineMembers = {
  kind: v.literal('docker'),
  socketPath: v.optional(path, '/var/run/docker.sock'),
  restartPolicy: v.optional(v.picklist(RESTART_POLICIES), 'on-failure'),
};

/** How the media process is found: a systemd unit, a file that holds its pid, or a container. */
const runtimeSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('systemd'), unit: path }),
  v.strictObject({ kind: v.literal('pid-file'), path, start: v.optional(v.array(v.string())) }),
  v.strictObject({ ...engineMembers, container: v.optional(containerName, 'livekit') }),
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
  capacity,
  runtime: runtimeSchema,
  /** A file that holds LiveKit's `redis` block as JSON: with it a doubt about a signal ends by asking, not by waiting. */
  redisFile: v.optional(path),
});

/**
 * An OpenVidu media node: LiveKit, egress, ingress and agents, each in a container of its own. Ports are the containers'
 * own: where one is not on the host's network, it is asked at its own address.
 */
const openviduSchema = v.strictObject({
  kind: v.literal('openvidu'),
  metricsUrl: v.pipe(v.string(), v.url()),
  capacity,
  runtime: v.strictObject(engineMembers),
  redisFile: v.optional(path),
  /** Names of containers, and the label that every agent's container has. */
  containers: v.optional(
    v.strictObject({
      livekit: v.optional(containerName, 'openvidu'),
      egress: v.optional(containerName, 'egress'),
      ingress: v.optional(containerName, 'ingress'),
      agentLabel: v.optional(
        v.pipe(v.string(), v.regex(CONTAINER_LABEL, 'must be a label: NAME or NAME=VALUE')),
        'openvidu-agent=true',
      ),
    }),
    {},
  ),
  /** Egress tells its jobs on its health port, or as Prometheus metrics: those are read where their port is set. */
  egress: v.optional(
    v.strictObject({ healthPort: v.optional(port, 9091), metricsPort: v.optional(port) }),
    {},
  ),
  /** Ingress tells its jobs only as Prometheus metrics, which are off unless its own configuration switches them on. */
  ingress: v.optional(v.strictObject({ metricsPort: v.optional(port) }), {}),
  agents: v.optional(v.strictObject({ port: v.optional(port, 8081) }), {}),
});

/**
 * `/etc/ebbtide/agent.json`: what the agent is told by its stack. Paths are absolute; durations are written with units.
 * `ceiling` is the longest drain that the operator allows; absent means without end.
 */
export const agentConfigSchema = v.strictObject({
  pool: v.string(),
  cloud: agentCloudSchema,
  /**
   * `bucket`: its name; on Azure, where each part of the registry has a container of its own, the blob endpoint of the
   * pool's storage account (`https://ACCOUNT.blob.core.windows.net`). `statusName`: what the store binds to this one node (AWS:
   * its role's unique id, a colon, its instance id), else its id.
   */
  registry: v.strictObject({ kind: v.literal('bucket'), bucket: v.string(), statusName: v.string() }),
  media: v.variant('kind', [livekitSchema, openviduSchema]),
  /** The unit that runs the operator's own script, where one brings the media server. */
  setup: v.optional(v.strictObject({ unit: path })),
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
      /** How often the cloud is asked what it wants of this machine; by default as often as its kind is worth. */
      notice: v.optional(durationBetween('100ms', '10s')),
      spot: v.optional(durationBetween('100ms', '1h'), '5s'),
      tags: v.optional(durationBetween('100ms', '1h'), '20s'),
      runtime: v.optional(durationBetween('100ms', '10s'), '1s'),
      unit: v.optional(durationBetween('100ms', '1h'), '30s'),
      work: v.optional(durationBetween('100ms', '10s'), '2s'),
      publish: v.optional(durationBetween('100ms', '1h'), '20s'),
      heartbeat: v.optional(durationBetween('100ms', '1h'), '5m'),
      /** How often it is looked whether the stack publishes another agent. */
      update: v.optional(durationBetween('100ms', '1h'), '5m'),
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
