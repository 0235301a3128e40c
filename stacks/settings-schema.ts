import * as v from 'valibot';
import { CONTAINER_LABEL, CONTAINER_NAME } from '../fleet/agent-config.ts';
import { UPDATE_MODES } from '../fleet/agent-update.ts';
import { CLOUD_NAMES } from '../fleet/clouds.ts';
import {
  duration,
  ipv4Range,
  listOf,
  matching,
  needed,
  oneOf,
  section,
  sha256,
  text,
  wholeNumber,
  yesOrNo,
} from './schema.ts';

/**
 * The one vocabulary of all clouds. How some of its words are spelt is the cloud's to say (`CloudWords`); what only one
 * cloud has lies under the cloud's name. Both are in the cloud's own folder.
 */

type Words<Value> = v.GenericSchema<unknown, Value>;

/** The size of the root disk, between bounds, and what it is where nothing is said. */
export function diskSize(least: number, most: number, otherwise: number) {
  return v.optional(wholeNumber(least, most), otherwise);
}

/** How one cloud spells what every cloud has. */
export interface CloudWords {
  /** The group of an operator's own. */
  existingGroup: Words<string>;
  machineType: Words<string>;
  image: Words<string>;
  diskGb: Words<number>;
  /** As many nodes as a pool may have there. */
  mostNodes: number;
  zones: Words<string[]>;
  network: Words<string>;
  subnets: Words<string[]>;
  /** What of the operator's load balancers people's signalling comes to the nodes by. */
  balancers: Words<string[]>;
  /** The range of a network that is created. */
  cidr: Words<string>;
  /** Who hears of alarms. */
  notify: Words<string[]>;
}

const LONGEST = '7d';

function poolOf({ existingGroup, machineType, image, diskGb, mostNodes, zones }: CloudWords) {
  return section({
    name: matching(
      /^[a-z][a-z0-9-]{0,26}[a-z0-9]$/,
      'a name of 2 to 28 lower-case letters, digits and hyphens, such as "media"',
    ),
    min: v.optional(wholeNumber(0, mostNodes), 1),
    max: v.optional(wholeNumber(1, mostNodes), 5),
    initial: v.optional(wholeNumber(0, mostNodes)),
    machineType: v.optional(machineType),
    image: v.optional(image),
    imageHasSoftware: v.optional(yesOrNo(), false),
    diskGb,
    zones: v.optional(zones),
    existingGroup: v.optional(existingGroup),
  });
}

function networkOf({ network, subnets, balancers, cidr }: CloudWords) {
  return section({
    id: v.optional(network),
    subnets: v.optional(subnets),
    cidr: v.optional(cidr),
    signalFrom: v.optional(listOf(ipv4Range(0, 32), 'IPv4 ranges'), ['0.0.0.0/0']),
    mediaFrom: v.optional(listOf(ipv4Range(0, 32), 'IPv4 ranges'), ['0.0.0.0/0']),
    healthFrom: v.optional(listOf(ipv4Range(0, 32), 'IPv4 ranges'), []),
    balancers: v.optional(balancers, []),
  });
}

const sshKey = matching(
  /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]+={0,2}( [^\r\n]*)?$/,
  'a public SSH key in one line, such as "ssh-ed25519 AAAA… ops@example.org"',
);

/** A way for operators into a node that opens no port to the internet. */
const access = section({
  shell: v.optional(yesOrNo(), false),
  keys: v.optional(listOf(sshKey, 'public SSH keys'), []),
});

const pace = {
  warmUp: v.optional(duration('0s', '1h'), '120s'),
  coolDown: v.optional(duration('0s', '1d'), '60s'),
  /** Left out, it is the cloud's own default, where a function of ours looks at the load. */
  lowFor: v.optional(duration('0s', '1d')),
};

/** What makes the pool grow and shrink: one kind each, so that more kinds can join. */
const scaling = v.variant(
  'kind',
  [
    section({
      kind: v.optional(v.literal('cpu'), 'cpu'),
      target: v.optional(wholeNumber(10, 90), 50),
      ...pace,
    }),
    section({ kind: v.literal('none'), ...pace }),
  ],
  'must be "cpu" or "none"',
);

const scaleIn = section({
  victim: v.optional(oneOf(['emptiest', 'native']), 'emptiest'),
  maxDrains: v.optional(wholeNumber(1, 1000), 3),
  ceiling: v.optional(duration('1s', LONGEST), '48h'),
  onCeiling: v.optional(oneOf(['keep', 'cut']), 'keep'),
  warnAfter: v.optional(duration('1s', LONGEST), '4h'),
});

const MOST_OF_PORTS = 65_535;
const port = wholeNumber(1, MOST_OF_PORTS);

const RISING = `a range of ports that rises, from 1 to ${MOST_OF_PORTS}, such as "7882-7892"`;
const portRange = v.pipe(
  matching(/^\d{1,5}-\d{1,5}$/, RISING),
  v.check((written) => {
    const [first = 0, last = 0] = written.split('-').map(Number);
    return first >= 1 && first < last && last <= MOST_OF_PORTS;
  }, `must be ${RISING}`),
);

const artifact = v.pipe(
  section({
    file: v.optional(text('./livekit_1.13.5_linux_amd64.tar.gz')),
    url: v.optional(matching(/^https:\/\/\S+$/, 'an https:// address')),
    sha256,
    member: v.optional(text('livekit-server')),
  }),
  v.partialCheck(
    [['file'], ['url']],
    ({ file, url }) => (file === undefined) !== (url === undefined),
    'must have exactly one of file and url',
  ),
);

const mediaConfig = v.optional(
  v.union(
    [v.string(), v.strictObject({ file: v.string() })],
    'must be the text of a LiveKit config template, or {file: PATH} of one',
  ),
);

const mediaPorts = v.optional(
  section({
    signal: v.optional(port, 7880),
    rtcTcp: v.optional(port, 7881),
    rtcUdp: v.optional(v.union([port, portRange], 'must be a port, or a range such as "7882-7892"'), 7882),
    metrics: v.optional(port, 6789),
  }),
  {},
);
export type MediaPorts = v.InferOutput<typeof mediaPorts>;

const capacity = v.optional(wholeNumber(1, 1_000_000));

const containerImage = matching(
  /^[a-z0-9][a-z0-9.-]*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*@sha256:[0-9a-f]{64}$/,
  'a container image by its digest alone, such as "docker.io/livekit/livekit-server@sha256:…", since a tag can come to ' +
    'mean another image (`docker buildx imagetools inspect NAME:TAG` tells the digest)',
);

const containerName = matching(
  CONTAINER_NAME,
  'the name of a container: letters, digits, dots, underscores and hyphens',
);

/** An operator's own script. */
const script = { file: text('./setup.sh'), sha256 };

/** Without a script the machines of an existing group bring the server themselves. */
const livekitSetup = v.pipe(
  section({
    file: v.optional(script.file),
    sha256: v.optional(script.sha256),
    unit: v.optional(
      matching(/^[a-zA-Z0-9][a-zA-Z0-9:_.@-]*\.service$/, 'a systemd service, such as "livekit.service"'),
    ),
    container: v.optional(containerName),
  }),
  v.partialCheck(
    [['unit'], ['container']],
    ({ unit, container }) => (unit === undefined) !== (container === undefined),
    'must have exactly one of unit and container: what LiveKit runs as once the script is done',
  ),
);

const livekit = section({
  kind: v.optional(v.literal('livekit'), 'livekit'),
  artifact: v.optional(artifact),
  image: v.optional(containerImage),
  setup: v.optional(livekitSetup),
  config: mediaConfig,
  capacity,
  ports: mediaPorts,
});
export type LivekitMedia = v.InferOutput<typeof livekit>;

/** Where OpenVidu's own defaults are left alone, the agent's are the same. */
const openvidu = section({
  kind: v.literal('openvidu'),
  setup: v.optional(section(script)),
  containers: v.optional(
    section({
      livekit: v.optional(containerName),
      egress: v.optional(containerName),
      ingress: v.optional(containerName),
      agentLabel: v.optional(matching(CONTAINER_LABEL, 'a label: NAME or NAME=VALUE')),
    }),
    {},
  ),
  egress: v.optional(section({ healthPort: v.optional(port), metricsPort: v.optional(port) }), {}),
  ingress: v.optional(section({ metricsPort: v.optional(port) }), {}),
  agents: v.optional(section({ port: v.optional(port) }), {}),
  capacity,
  ports: mediaPorts,
});
export type OpenviduMedia = v.InferOutput<typeof openvidu>;

/** The media server, and how it comes to a node. */
const media = v.variant('kind', [livekit, openvidu], 'must be "livekit" or "openvidu"');

const livekitKeys = v.pipe(
  v.record(
    v.string(),
    v.pipe(
      v.string('must be a secret as text'),
      v.minLength(32, 'must be a secret of at least 32 characters (`openssl rand -hex 32`)'),
    ),
    'must be a group of API keys, each with its secret',
  ),
  v.check((keys) => Object.keys(keys).length > 0, 'must have at least one API key with its secret'),
);

const ADDRESS = /^[^\s:]+:(\d{1,5})$/;

function isRedisAddress(written: string): boolean {
  const port = Number(ADDRESS.exec(written)?.[1] ?? 0);
  return port >= 1 && port <= MOST_OF_PORTS;
}

/** Written as HOST:PORT, or as LiveKit's own `redis` block. */
const redis = v.pipe(
  v.union(
    [
      v.string(),
      section({
        address: v.string(),
        username: v.optional(v.string()),
        password: v.optional(v.string()),
        db: v.optional(wholeNumber(0, 1000)),
        use_tls: v.optional(yesOrNo()),
      }),
    ],
    'must be HOST:PORT, or a group with address, username, password, db and use_tls',
  ),
  v.transform((written) => (typeof written === 'string' ? { address: written } : written)),
  v.check(
    ({ address }) => isRedisAddress(address),
    `must have an address as HOST:PORT, such as "10.0.0.5:6379", with a port from 1 to ${MOST_OF_PORTS}`,
  ),
);

const mediaSecrets = section({ keys: v.optional(livekitKeys), redis: v.optional(redis) });
export type MediaSecrets = v.InferOutput<typeof mediaSecrets>;

const interval = duration('100ms', '1h');
/** What a drain must be begun by within 2 s, or is proven by, must not be looked at once an hour: the agent refuses it. */
const quick = duration('100ms', '10s');

const agent = section({
  http: v.optional(
    section({ address: v.optional(text('private'), 'private'), port: v.optional(port, 9876) }),
    {},
  ),
  inhibitShutdown: v.optional(yesOrNo(), true),
  /** What running nodes do with the agent that an `up` publishes. */
  update: v.optional(oneOf(UPDATE_MODES), 'manual'),
  /** Left out, it is the agent's own default: not every cloud has rebalance notices, or timers to keep alive. */
  onRebalance: v.optional(oneOf(['report', 'drain'])),
  every: v.optional(
    section({
      notice: v.optional(quick),
      spot: v.optional(interval),
      tags: v.optional(interval),
      runtime: v.optional(quick),
      unit: v.optional(interval),
      work: v.optional(quick),
      publish: v.optional(duration('100ms', '30s')),
      heartbeat: v.optional(interval),
      update: v.optional(interval),
      retry: v.optional(interval),
    }),
    {},
  ),
  timeout: v.optional(
    section({
      metadata: v.optional(interval),
      api: v.optional(interval),
      media: v.optional(interval),
      runtime: v.optional(quick),
    }),
    {},
  ),
});

/** As journald takes it. */
const journalSize = v.pipe(
  v.string('must be a size, such as 500M or 2G'),
  v.regex(/^[1-9]\d*[MG]$/, 'must be a size, such as 500M or 2G'),
);

const LOG_TARGET = /^(tls|tcp):\/\/([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?):(\d{1,5})$/;
const NO_LOG_TARGET =
  'must be journal (logs stay on the node), or who takes syslog, such as tls://logs.example.org:6514';

/** Undefined: they stay in the journal. */
const logTarget = v.pipe(
  v.string(NO_LOG_TARGET),
  v.check((to) => to === 'journal' || portOf(to) !== undefined, NO_LOG_TARGET),
  v.transform((to) => {
    const [, protocol, host = ''] = LOG_TARGET.exec(to) ?? [];
    if (protocol === undefined) return undefined;
    return {
      protocol: protocol === 'tls' ? ('tls' as const) : ('tcp' as const),
      host,
      port: portOf(to) ?? 0,
    };
  }),
);

function portOf(to: string): number | undefined {
  const port = Number(LOG_TARGET.exec(to)?.[3] ?? 0);
  return port >= 1 && port <= MOST_OF_PORTS ? port : undefined;
}

const logs = section({
  keep: v.optional(journalSize, '1G'),
  to: v.optional(logTarget, 'journal'),
});
export type LogSettings = v.InferOutput<typeof logs>;

/** What every stack file may hold, key by key, as one cloud spells it. */
export function sharedSections(words: CloudWords) {
  return {
    cloud: oneOf(CLOUD_NAMES),
    pool: needed(poolOf(words)),
    network: v.optional(networkOf(words), {}),
    access: v.optional(access, {}),
    scaling: v.optional(scaling, {}),
    scaleIn: v.optional(scaleIn, {}),
    media: needed(media),
    mediaSecrets: v.optional(mediaSecrets, {}),
    agent: v.optional(agent, {}),
    alarms: v.optional(section({ notify: v.optional(words.notify, []) }), {}),
    logs: v.optional(logs, {}),
    onDestroy: v.optional(oneOf(['refuse', 'cut']), 'refuse'),
  };
}

export type SharedSettings = v.InferOutput<v.ObjectSchema<ReturnType<typeof sharedSections>, undefined>>;

/** What every stack file says, checked, with what its files hold. Durations are in milliseconds. */
export interface CommonSettings extends SharedSettings {
  /** Undefined for a media server whose config is not ours. */
  livekitTemplate: string | undefined;
}
