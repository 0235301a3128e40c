import type { AgentConfigFile } from '../fleet/agent-config.ts';
import type { BootManifest } from '../fleet/boot-manifest.ts';
import { formatDuration } from '../fleet/duration.ts';
import { type BootScriptArgs, bootScript } from './boot-script.ts';
import { gzipped } from './gzipped.ts';
import type { NodeFile, SoftwareFile } from './node-file.ts';
import { logFiles } from './node-logs.ts';
import { type NodeMedia, nodeMedia } from './node-media.ts';
import { AGENT_UNIT, agentUnit, SETUP_UNIT, TEMPLATES } from './node-units.ts';
import type { CommonSettings } from './settings-schema.ts';

/** What a node of any cloud is told, before a cloud's own way to tell it. Nothing in it is secret. */
export interface NodeSetup {
  /** The boot program, one file of JavaScript. */
  boot: string;
  manifest: BootManifest;
  templates: NodeFile[];
  bootScript: BootScriptArgs;
  /** Public SSH keys of operators. */
  keys: string[];
}

export interface NodeSetupArgs {
  settings: CommonSettings;
  boot: string;
  agent: SoftwareFile;
  /** The media server itself, or the script that sets it up; undefined where neither is fetched. */
  media: SoftwareFile | undefined;
  /** By which a node tells the template that it was made from. */
  template: string;
  /** Where the boot program finds files and secrets. */
  source: BootManifest['source'];
  /** What the agent is told of its cloud, and where it says how it is. */
  cloud: AgentConfigFile['cloud'];
  registry: AgentConfigFile['registry'];
}

/** Settings → what a node is told. Pure. */
export function nodeSetup(args: NodeSetupArgs): NodeSetup {
  const { settings } = args;
  const media = nodeMedia(settings, args.media);
  return {
    keys: settings.access.keys,
    boot: args.boot,
    manifest: manifestOf(args, media),
    templates: [
      { path: `${TEMPLATES}/agent.json`, content: agentTemplate(args, media) },
      agentUnit,
      ...logFiles(settings.logs),
      ...media.files,
    ],
    bootScript: {
      imageHasSoftware: settings.pool.imageHasSoftware,
      hasDocker: media.hasDocker,
      imageHasEngine: media.imageHasEngine,
      sendsLogs: settings.logs.to?.protocol,
      mediaUnit: media.stage.start[0],
    },
  };
}

export const BOOT_SCRIPT = '/opt/ebbtide/boot.sh';

/** The files that a node has before its one command, the boot script. */
export function setupFiles({ boot, manifest, templates, bootScript: script }: NodeSetup): NodeFile[] {
  return [
    { path: BOOT_SCRIPT, content: bootScript(script) },
    { path: '/opt/ebbtide/boot.cjs', content: boot },
    { path: '/etc/ebbtide/boot.json', content: `${JSON.stringify(manifest, undefined, 1)}\n` },
    ...templates,
  ];
}

/** How much a cloud takes of what its nodes are told, in bytes. */
export interface SizeLimit {
  bytes: number;
  taker: string;
}

/** Throws where a cloud would refuse it, and says what makes it big. `as`: how it was measured, where that is to be said. */
export function assertFits(
  setup: NodeSetup,
  { what, bytes, as = '' }: { what: string; bytes: number; as?: string },
  limit: SizeLimit,
): void {
  if (bytes <= limit.bytes) return;
  const parts = setupFiles(setup)
    .map(({ path, content }) => ({ path, packed: gzipped(content).length }))
    .sort((a, b) => b.packed - a.packed)
    .map(({ path, packed }) => `${path} ${packed}`);
  throw new Error(
    `the nodes' ${what} has ${bytes} bytes${as}, and ${limit.taker} takes ${limit.bytes}. ` +
      `By file: ${parts.join(', ')}. What you can shorten is ebbtide:media.config`,
  );
}

/** The agent starts first: whatever becomes of the media server, there is one who can answer the cloud. */
function manifestOf({ settings, source, agent }: NodeSetupArgs, media: NodeMedia): BootManifest {
  const { ports } = settings.media;
  return {
    source,
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
function agentTemplate({ settings, cloud, registry, template }: NodeSetupArgs, media: NodeMedia): string {
  const { agent, scaleIn } = settings;
  const PORT = '{{agentPort}}';
  const config = {
    pool: settings.pool.name,
    cloud,
    registry,
    media: media.agent,
    ...(media.stage.start.includes(SETUP_UNIT) ? { setup: { unit: SETUP_UNIT } } : {}),
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
