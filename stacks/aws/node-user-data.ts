import type { AgentConfigFile } from '../../fleet/agent-config.ts';
import type { BootManifest } from '../../fleet/boot-manifest.ts';
import { formatDuration } from '../../fleet/duration.ts';
import {
  AGENT_UNIT,
  agentUnit,
  LIVEKIT_UNIT,
  livekitUnit,
  needrestartOverride,
  TEMPLATES,
} from '../node-units.ts';
import type { Settings } from '../settings.ts';
import type { UserDataArgs } from '../user-data.ts';
import type { AwsNames } from './names.ts';

/** A file of the pool's bucket that nodes fetch. */
export interface SoftwareFile {
  key: string;
  sha256: string;
  member?: string;
}

export interface AwsNodeArgs {
  settings: Settings;
  names: AwsNames;
  bucket: string;
  /** The unique id of the nodes' role, by which S3 knows a node: `ROLE_ID:i-…`. */
  nodeRoleId: string;
  boot: string;
  agent: SoftwareFile;
  media: SoftwareFile;
  /** By which a node tells the template that it was made from. */
  template: string;
}

/** LiveKit's own registry, for the agent: kept apart from agent.json, which holds no secret. */
const REDIS_FILE = '/etc/ebbtide/media/redis.json';

/** Settings → what a node of an AWS pool is told. Pure. */
export function awsNodeUserData(args: AwsNodeArgs): UserDataArgs {
  const { settings } = args;
  return {
    boot: args.boot,
    manifest: manifestOf(args),
    templates: [
      { path: `${TEMPLATES}/agent.json`, content: agentTemplate(args) },
      agentUnit,
      { path: `${TEMPLATES}/livekit.yaml`, content: settings.livekitTemplate },
      ...(settings.mediaSecrets.redis === undefined
        ? []
        : [{ path: `${TEMPLATES}/redis.json`, content: '{{redis}}\n' }]),
      livekitUnit(settings.media.ports),
      needrestartOverride,
    ],
    imageHasSoftware: settings.pool.imageHasSoftware,
  };
}

/** The agent starts first: whatever becomes of the media server, there is one who can answer the cloud. */
function manifestOf({ settings, names, bucket, agent, media }: AwsNodeArgs): BootManifest {
  const { ports } = settings.media;
  const { keys, redis } = settings.mediaSecrets;
  const units = '/etc/systemd/system';
  return {
    region: settings.awsProvider.region,
    bucket,
    placeholders: {
      signalPort: String(ports.signal),
      rtcTcpPort: String(ports.rtcTcp),
      rtcUdpPort: String(ports.rtcUdp),
      metricsPort: String(ports.metrics),
      agentPort: String(settings.agent.http.port),
    },
    parameters: {
      ...(keys === undefined ? {} : { keys: names.keysParameter }),
      ...(redis === undefined ? {} : { redis: names.redisParameter }),
    },
    stages: [
      {
        name: 'agent',
        files: [{ ...agent, to: '/opt/ebbtide/ebbtide-agent.cjs', mode: '0755' }],
        templates: [
          { from: `${TEMPLATES}/agent.json`, to: '/etc/ebbtide/agent.json', mode: '0644' },
          { from: agentUnit.path, to: `${units}/${AGENT_UNIT}`, mode: '0644' },
        ],
        start: [AGENT_UNIT],
      },
      {
        name: 'media',
        files: [{ ...media, to: '/opt/ebbtide/media/livekit-server', mode: '0755' }],
        templates: [
          { from: `${TEMPLATES}/livekit.yaml`, to: '/etc/ebbtide/media/livekit.yaml', mode: '0640' },
          ...(redis === undefined ? [] : [{ from: `${TEMPLATES}/redis.json`, to: REDIS_FILE, mode: '0600' }]),
          { from: needrestartOverride.path, to: '/etc/needrestart/conf.d/ebbtide.conf', mode: '0644' },
          { from: `${TEMPLATES}/${LIVEKIT_UNIT}`, to: `${units}/${LIVEKIT_UNIT}`, mode: '0644' },
        ],
        start: [LIVEKIT_UNIT],
      },
    ],
  };
}

/** agent.json with placeholders: text until the node has filled it in. */
function agentTemplate({ settings, names, bucket, nodeRoleId, template }: AwsNodeArgs): string {
  const { agent, scaleIn, media } = settings;
  const PORT = '{{agentPort}}';
  const config = {
    pool: settings.pool.name,
    cloud: {
      kind: 'aws',
      region: settings.awsProvider.region,
      group: names.group,
      launchHook: names.launchHook,
      terminateHook: names.terminateHook,
      onRebalance: agent.onRebalance,
    },
    registry: { kind: 'bucket', bucket, statusName: `${nodeRoleId}:{{instanceId}}` },
    media: {
      kind: 'livekit',
      metricsUrl: 'http://127.0.0.1:{{metricsPort}}/metrics',
      ...(media.capacity === undefined ? {} : { capacity: media.capacity }),
      runtime: { kind: 'systemd', unit: LIVEKIT_UNIT },
      ...(settings.mediaSecrets.redis === undefined ? {} : { redisFile: `{{root}}${REDIS_FILE}` }),
    },
    software: { template },
    stateDirectory: '{{root}}/var/lib/ebbtide',
    socketPath: '{{root}}/run/ebbtide/agent.sock',
    http: { address: agent.http.address },
    inhibitShutdown: agent.inhibitShutdown,
    scaleIn: {
      ceiling: formatDuration(scaleIn.ceiling),
      onCeiling: scaleIn.onCeiling,
      warnAfter: formatDuration(scaleIn.warnAfter),
    },
    every: written(agent.every),
    timeout: written(agent.timeout),
  } satisfies AgentConfigFile;
  // A placeholder inside JSON is text; the port is a number once it is filled in.
  const json = JSON.stringify({ ...config, http: { ...config.http, port: PORT } }, undefined, 1);
  return `${json.replace(`"${PORT}"`, PORT)}\n`;
}

/** Milliseconds back to what a person wrote; what was not set stays the agent's own default. */
function written<Name extends string>(
  durations: Partial<Record<Name, number | undefined>>,
): Partial<Record<Name, string>> {
  const entries = Object.entries<number | undefined>(durations);
  const set = entries.flatMap(([name, ms]) => (ms === undefined ? [] : [[name, formatDuration(ms)]]));
  return Object.fromEntries(set);
}
