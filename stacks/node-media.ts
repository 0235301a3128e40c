import type { AgentConfigFile } from '../fleet/agent-config.ts';
import type { BootManifest } from '../fleet/boot-manifest.ts';
import type { WantedContainer } from '../fleet/wanted-container.ts';
import type { NodeFile, SoftwareFile } from './node-file.ts';
import {
  dockerDaemon,
  LIVEKIT_UNIT,
  livekitContainerUnit,
  livekitUnit,
  needrestartOverride,
  noReboot,
  REFUSES,
  refuseStop,
  SETUP_UNIT,
  setupUnit,
  TEMPLATES,
  unlessLeaving,
} from './node-units.ts';
import type { CommonSettings, LivekitMedia } from './settings-schema.ts';

type Stage = BootManifest['stages'][number];

/** How the media server comes to a node, and what the agent is told of it. */
export interface NodeMedia {
  /** What user-data puts on the node. */
  files: NodeFile[];
  /** What the boot program does once the agent runs. */
  stage: Stage;
  agent: AgentConfigFile['media'];
  /** The distribution's Docker is installed first. */
  hasDocker: boolean;
  /** The image brings the server in containers. */
  imageHasEngine: boolean;
}

/** A template of user-data's, and where the boot program puts it. */
interface Placed {
  file: NodeFile;
  to: string;
  mode: string;
}

/** What differs between the ways that a server can come. */
interface Way {
  fetched: Stage['files'];
  placed: Placed[];
  /** For the boot script, which runs before the boot program. */
  files: NodeFile[];
  start: string[];
  /** It is there before the boot program, in containers. */
  imageHasEngine?: boolean;
}

const UNITS = '/etc/systemd/system';
const SECRETS = '/etc/ebbtide/media';
const CONFIG = `${SECRETS}/livekit.yaml`;
const REDIS_FILE = `${SECRETS}/redis.json`;
const SOCKET = '{{root}}/run/docker.sock';
const CONTAINER = 'livekit';
const RESTART_POLICY = 'on-failure';

/** `file`: what is fetched from the pool's bucket, the server itself or the operator's script. Pure. */
export function nodeMedia(settings: CommonSettings, file: SoftwareFile | undefined): NodeMedia {
  const way = wayOf(settings, file);
  const placed = [...config(settings), ...secrets(settings), ...way.placed];
  return {
    files: [...placed.map((each) => each.file), ...way.files],
    stage: {
      name: 'media',
      files: way.fetched,
      templates: placed.map(({ file: { path }, to, mode }) => ({ from: path, to, mode })),
      start: way.start,
    },
    agent: agentMedia(settings),
    hasDocker: way.files.includes(dockerDaemon),
    imageHasEngine: way.imageHasEngine === true,
  };
}

function wayOf({ media }: CommonSettings, file: SoftwareFile | undefined): Way {
  if (media.kind === 'livekit' && media.image !== undefined) return asContainer(media.image);
  if (file === undefined) return inTheImage(media.kind === 'livekit' ? media.setup?.unit : undefined);
  if (media.setup !== undefined) return bySetup(media, file);
  return asProgram(media.ports, file);
}

function asProgram(ports: LivekitMedia['ports'], file: SoftwareFile): Way {
  return {
    fetched: [{ ...file, to: '/opt/ebbtide/media/livekit-server', mode: '0755' }],
    placed: [
      ...spared([LIVEKIT_UNIT]),
      { file: livekitUnit(ports), to: `${UNITS}/${LIVEKIT_UNIT}`, mode: '0644' },
    ],
    files: [],
    start: [LIVEKIT_UNIT],
  };
}

const ENGINE_UNITS = ['docker.service', 'containerd.service'];

function asContainer(image: string): Way {
  const container: WantedContainer = {
    socketPath: SOCKET,
    name: CONTAINER,
    image,
    config: `{{root}}${CONFIG}`,
    user: 'ebbtide-media',
    accounts: '{{root}}/etc/passwd',
    restartPolicy: RESTART_POLICY,
    openFiles: 524_288,
  };
  const definition = {
    path: `${TEMPLATES}/container.json`,
    content: `${JSON.stringify(container, undefined, 1)}\n`,
  };
  return {
    fetched: [],
    placed: [
      { file: definition, to: '/etc/ebbtide/container.json', mode: '0644' },
      ...spared([LIVEKIT_UNIT, ...ENGINE_UNITS]),
      { file: livekitContainerUnit, to: `${UNITS}/${LIVEKIT_UNIT}`, mode: '0644' },
    ],
    files: [dockerDaemon],
    start: [LIVEKIT_UNIT],
  };
}

function bySetup(media: CommonSettings['media'], file: SoftwareFile): Way {
  const unit = media.kind === 'livekit' ? media.setup?.unit : undefined;
  return {
    fetched: [{ ...file, to: '/opt/ebbtide/media/setup', mode: '0700' }],
    placed: [
      ...spared(unit === undefined ? ENGINE_UNITS : [unit]),
      { file: setupUnit(unit), to: `${UNITS}/${SETUP_UNIT}`, mode: '0644' },
      ...notWhileLeaving(unit),
      ...(unit === undefined ? [] : [{ file: refuseStop, to: REFUSES, mode: '0644' }]),
    ],
    files: [],
    start: [SETUP_UNIT],
  };
}

/** The image, or the machine's own user-data, has it, and starts it by itself: as that unit, or in containers. */
function inTheImage(unit: string | undefined): Way {
  const placed = [
    ...spared(unit === undefined ? ENGINE_UNITS : [unit]),
    ...notWhileLeaving(unit),
    ...(unit === undefined
      ? []
      : [{ file: refuseStop, to: `${UNITS}/${unit}.d/ebbtide-refuse.conf`, mode: '0644' }]),
  ];
  return { fetched: [], placed, files: [], start: [], imageHasEngine: unit === undefined };
}

/** After a reboot a leaving node must not take new work. */
function notWhileLeaving(unit: string | undefined): Placed[] {
  if (unit === undefined) return [];
  return [{ file: unlessLeaving, to: `${UNITS}/${unit}.d/ebbtide.conf`, mode: '0644' }];
}

/** What upgrades leave alone. */
function spared(units: readonly string[]): Placed[] {
  return [
    { file: needrestartOverride(units), to: '/etc/needrestart/conf.d/ebbtide.conf', mode: '0644' },
    { file: noReboot, to: '/etc/apt/apt.conf.d/99ebbtide', mode: '0644' },
  ];
}

function config({ livekitTemplate }: CommonSettings): Placed[] {
  if (livekitTemplate === undefined) return [];
  const file = { path: `${TEMPLATES}/livekit.yaml`, content: livekitTemplate };
  return [{ file, to: CONFIG, mode: '0640' }];
}

/** As JSON: Redis for the agent, which asks LiveKit's registry; both for what is set up by the operator's own means. */
function secrets({ media, mediaSecrets }: CommonSettings): Placed[] {
  const areForSetup = media.kind === 'openvidu' || media.setup !== undefined;
  const wanted = [
    ...(mediaSecrets.redis === undefined ? [] : ['redis']),
    ...(mediaSecrets.keys === undefined || !areForSetup ? [] : ['keys']),
  ];
  return wanted.map((name) => ({
    file: { path: `${TEMPLATES}/${name}.json`, content: `{{${name}}}\n` },
    to: `${SECRETS}/${name}.json`,
    mode: '0600',
  }));
}

function agentMedia({ media, mediaSecrets }: CommonSettings): AgentConfigFile['media'] {
  const shared = {
    metricsUrl: 'http://127.0.0.1:{{metricsPort}}/metrics',
    ...(media.capacity === undefined ? {} : { capacity: media.capacity }),
    ...(mediaSecrets.redis === undefined ? {} : { redisFile: `{{root}}${REDIS_FILE}` }),
  };
  const engine = { kind: 'docker', socketPath: SOCKET, restartPolicy: RESTART_POLICY } as const;
  if (media.kind === 'openvidu') {
    const { kind, containers, egress, ingress, agents } = media;
    return { kind, ...shared, runtime: engine, containers, egress, ingress, agents };
  }
  const container = media.image === undefined ? media.setup?.container : CONTAINER;
  if (container !== undefined) return { kind: 'livekit', ...shared, runtime: { ...engine, container } };
  const unit = media.setup?.unit ?? LIVEKIT_UNIT;
  return { kind: 'livekit', ...shared, runtime: { kind: 'systemd', unit } };
}
