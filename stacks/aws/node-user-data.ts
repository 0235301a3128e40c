import type { AgentConfigFile } from '../../fleet/agent-config.ts';
import type { BootManifest } from '../../fleet/boot-manifest.ts';
import { formatDuration } from '../../fleet/duration.ts';
import type { SoftwareFile } from '../node-file.ts';
import { type NodeMedia, nodeMedia } from '../node-media.ts';
import { AGENT_UNIT, agentUnit, TEMPLATES } from '../node-units.ts';
import type { Settings } from '../settings.ts';
import type { UserDataArgs } from '../user-data.ts';
import type { AwsNames } from './names.ts';

export interface AwsNodeArgs {
  settings: Settings;
  names: AwsNames;
  bucket: string;
  /** The unique id of the nodes' role, by which S3 knows a node: `ROLE_ID:i-…`. */
  nodeRoleId: string;
  boot: string;
  agent: SoftwareFile;
  /** The media server itself, or the script that sets it up; undefined where neither is fetched. */
  media: SoftwareFile | undefined;
  /** By which a node tells the template that it was made from. */
  template: string;
}

/** Settings → what a node of an AWS pool is told. Pure. */
export function awsNodeUserData(args: AwsNodeArgs): UserDataArgs {
  const { settings } = args;
  const media = nodeMedia(settings, args.media);
  return {
    boot: args.boot,
    manifest: manifestOf(args, media),
    templates: [
      { path: `${TEMPLATES}/agent.json`, content: agentTemplate(args, media) },
      agentUnit,
      ...media.files,
    ],
    bootScript: {
      imageHasSoftware: settings.pool.imageHasSoftware,
      hasDocker: media.hasDocker,
      mediaUnit: media.stage.start[0],
    },
  };
}

/** The agent starts first: whatever becomes of the media server, there is one who can answer the cloud. */
function manifestOf({ settings, names, bucket, agent }: AwsNodeArgs, media: NodeMedia): BootManifest {
  const { ports } = settings.media;
  const { keys, redis } = settings.mediaSecrets;
  return {
    source: {
      kind: 'aws',
      region: settings.awsProvider.region,
      bucket,
      parameters: {
        ...(keys === undefined ? {} : { keys: names.keysParameter }),
        ...(redis === undefined ? {} : { redis: names.redisParameter }),
      },
    },
    placeholders: {
      signalPort: String(ports.signal),
      rtcTcpPort: String(ports.rtcTcp),
      rtcUdpPort: String(ports.rtcUdp),
      metricsPort: String(ports.metrics),
      agentPort: String(settings.agent.http.port),
    },
    stages: [
      {
        name: 'agent',
        files: [{ ...agent, to: '/opt/ebbtide/ebbtide-agent.cjs', mode: '0755' }],
        templates: [
          { from: `${TEMPLATES}/agent.json`, to: '/etc/ebbtide/agent.json', mode: '0644' },
          { from: agentUnit.path, to: `/etc/systemd/system/${AGENT_UNIT}`, mode: '0644' },
        ],
        start: [AGENT_UNIT],
      },
      media.stage,
    ],
  };
}

/** agent.json with placeholders: text until the node has filled it in. */
function agentTemplate(
  { settings, names, bucket, nodeRoleId, template }: AwsNodeArgs,
  media: NodeMedia,
): string {
  const { agent, scaleIn } = settings;
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
    media: media.agent,
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
