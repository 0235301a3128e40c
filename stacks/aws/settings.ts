import * as v from 'valibot';
import { describeDuration } from '../../fleet/duration.ts';
import type { CloudRules } from '../cloud-rules.ts';
import type { RightPart } from '../right-part.ts';
import { duration, ipv4Range, listOf, matching, section, someOf, text } from '../schema.ts';
import type { Problem } from '../settings-errors.ts';
import { type CloudWords, type CommonSettings, diskSize, type SharedSettings } from '../settings-schema.ts';
import { MOST_OF_GROUP_ROLE_SUFFIX } from './names.ts';

const awsWords: CloudWords = {
  existingGroup: matching(/^[^\s:]{1,255}$/, 'the name of an Auto Scaling group, such as "media-nodes"'),
  machineType: matching(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'an instance type, such as "c6i.xlarge"'),
  image: matching(/^ami-[0-9a-f]{8,17}$/, 'the id of an image, such as "ami-0123456789abcdef0"'),
  diskGb: diskSize(8, 16_384, 20),
  // A group takes more; so many its functions are measured with.
  mostNodes: 10_000,
  zones: v.pipe(
    someOf(text('eu-west-1a'), { one: 'zone', many: 'zones' }),
    // Each zone gets a sixteenth of the network.
    v.maxLength(16, 'must name at most 16 zones'),
  ),
  network: matching(/^vpc-[0-9a-f]+$/, 'the id of a VPC, such as "vpc-0123456789abcdef0"'),
  subnets: someOf(matching(/^subnet-[0-9a-f]+$/, 'the id of a subnet, such as "subnet-0123456789abcdef0"'), {
    one: 'subnet',
    many: 'subnets',
  }),
  balancers: listOf(
    matching(
      /^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:targetgroup\/[A-Za-z0-9-]{1,32}\/[0-9a-f]{16}$/,
      'the ARN of a target group, such as "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/media/0123456789abcdef"',
    ),
    'target groups',
  ),
  // Its sixteenths become subnets, and AWS takes no subnet below /28.
  cidr: ipv4Range(16, 24),
  notify: listOf(
    matching(
      /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:\S+$/,
      'the ARN of an SNS topic, such as "arn:aws:sns:eu-west-1:123456789012:on-call"',
    ),
    'topics',
  ),
};

/** AWS takes 50 on a thing; the pool has some of its own. */
const MOST_TAGS = 40;

const tag = v.pipe(
  v.record(
    matching(
      /^(?!aws:)(?!ebbtide:)[A-Za-z0-9+\-=._:@]{1,128}$/,
      'a tag of letters, digits and + - = . _ : @',
    ),
    v.pipe(
      v.string('must be text'),
      v.maxLength(256, 'must have at most 256 characters'),
      v.regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u, 'must be of letters, digits, spaces and _ . : / = + - @'),
    ),
    'must be a group of tags',
  ),
  v.check((tags) => Object.keys(tags).length <= MOST_TAGS, `must have at most ${MOST_TAGS} tags`),
);

/** For how long CloudWatch can be told to keep a log. */
const LOG_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** `ebbtide:aws`: what only AWS has. */
export const awsSection = section({
  heartbeatTimeout: v.optional(duration('30s', '2h'), '1h'),
  launchTimeout: v.optional(duration('30s', '2h'), '15m'),
  serviceLinkedRoleSuffix: v.optional(
    matching(
      new RegExp(`^[A-Za-z0-9+=,.@-]{1,${MOST_OF_GROUP_ROLE_SUFFIX}}$`),
      `a suffix of at most ${MOST_OF_GROUP_ROLE_SUFFIX} letters, digits and + = , . @ -`,
    ),
  ),
  /** Of the machines of `pool.existingGroup`. */
  nodeRole: v.optional(
    matching(/^[\w+=,.@-]{1,64}$/, 'the name of the role of the machines of ebbtide:pool.existingGroup'),
  ),
  /** Terminate hooks of `pool.existingGroup` beside ours. */
  keepHooks: v.optional(listOf(text('write-logs'), 'lifecycle hooks')),
  connectEndpoint: v.optional(
    matching(
      /^sg-[0-9a-f]+$/,
      'the id of a security group, that of the network\'s EC2 Instance Connect Endpoint, such as "sg-0123456789abcdef0"',
    ),
  ),
  logDays: v.optional(v.picklist(LOG_DAYS, `must be one of ${LOG_DAYS.join(', ')}`), 30),
  tags: v.optional(tag, {}),
});

/** The provider's own keys (`aws:region` and so on) that this program hands on to its explicit provider. */
export const awsProviderSection = section({
  region: v.pipe(
    matching(
      /^[a-z]{2}(-[a-z]+)+-\d$/,
      'the region of the pool, such as "eu-west-1" (`pulumi config set aws:region eu-west-1`)',
    ),
    v.check(
      (region) => !/^cn-|-iso[a-z]?-/.test(region),
      'must be a region whose services are under amazonaws.com, where the agent and the functions look for them: ' +
        'in China and in isolated regions they are elsewhere',
    ),
  ),
  profile: v.optional(text('production')),
  allowedAccountIds: v.optional(listOf(matching(/^\d{12}$/, 'an account of 12 digits'), 'accounts')),
});

type AwsSection = v.InferOutput<typeof awsSection>;
type AwsProviderSection = v.InferOutput<typeof awsProviderSection>;

/** A stack file of AWS, checked. */
export interface AwsSettings extends CommonSettings {
  cloud: 'aws';
  aws: AwsSection;
  awsProvider: AwsProviderSection;
}

export const awsRules: CloudRules<AwsSection, AwsProviderSection, unknown, AwsSettings> = {
  provider: 'aws',
  words: awsWords,
  hasSubnets: true,
  broughtByGroup: ['pool.min', 'pool.max', 'scaling.kind', 'scaling.target'],
  section: awsSection,
  providerSection: awsProviderSection,
  problems: awsProblems,
  warnings: awsWarnings,
  settingsOf: (common, { own, provider }) => ({ ...common, cloud: 'aws', aws: own, awsProvider: provider }),
};

/** The agent's own. */
const DEFAULT_HEARTBEAT_MS = 5 * 60_000;

/** Of a standard parameter. */
const MOST_PARAMETER_BYTES = 4096;
const MOST_TOPICS = 5;
const HOOK_LIMIT_MS = 48 * 3_600_000;

/** How long AWS holds one terminate hook: 48 hours, and 100 times the heartbeat timeout. */
function hookLimitMs(aws: AwsSection): number {
  return Math.min(HOOK_LIMIT_MS, 100 * aws.heartbeatTimeout);
}

/** What AWS asks of settings that are right by themselves. */
function awsProblems(
  shared: RightPart<SharedSettings>,
  aws: RightPart<AwsSection> | undefined,
  provider: RightPart<AwsProviderSection> | undefined,
): Problem[] {
  const { pool, network, access, agent, alarms, mediaSecrets } = shared;
  // What is wrong of it is told by itself.
  const { every = {} } = agent ?? {};
  const heartbeat = 'heartbeat' in every ? every.heartbeat : DEFAULT_HEARTBEAT_MS;
  const timeout = aws?.heartbeatTimeout;
  const problems: Problem[] = [];
  const wrong = (key: string, says: string) => problems.push({ key, says });

  if (network?.subnets !== undefined && pool?.zones !== undefined) {
    wrong(
      'pool.zones',
      'is of no use with ebbtide:network.subnets: each subnet has its zone; leave out one of them',
    );
  }
  if ((network?.balancers ?? []).length > 0 && network !== undefined && !('id' in network)) {
    wrong(
      'network.balancers',
      'must come with ebbtide:network.id, the VPC of the load balancer: a network that is created would be another',
    );
  }
  for (const [index, arn] of (network?.balancers ?? []).entries()) {
    const [, region] = /^arn:[^:]*:[^:]*:([^:]*):/.exec(arn ?? '') ?? [];
    if (region !== undefined && provider?.region !== undefined && region !== provider.region)
      wrong(
        `network.balancers[${index}]`,
        `is in ${region}: must be in aws:region, which is ${provider.region}`,
      );
  }
  if (access?.shell === true && access.keys?.length === 0 && pool !== undefined && !('image' in pool)) {
    wrong(
      'access.shell',
      "is true: must come with ebbtide:access.keys, or with ebbtide:pool.image, an image with AWS's agent for Session Manager " +
        'in it (amazon-ssm-agent), of which Debian has no package',
    );
  }
  if (aws?.connectEndpoint !== undefined && (access?.shell === false || access?.keys?.length === 0)) {
    wrong(
      'aws.connectEndpoint',
      'is of no use without ebbtide:access.shell and ebbtide:access.keys: leave it out',
    );
  }
  for (const [index, zone] of (pool?.zones ?? []).entries()) {
    if (zone === undefined) continue;
    const says = wrongZone(zone, pool?.zones?.slice(0, index) ?? [], provider?.region);
    if (says !== undefined) wrong(`pool.zones[${index}]`, `is "${zone}": ${says}`);
  }
  if (pool?.existingGroup !== undefined && aws !== undefined && !('nodeRole' in aws)) {
    wrong(
      'aws.nodeRole',
      "is missing: with ebbtide:pool.existingGroup it must name the role of the group's machines (that of the instance " +
        'profile in its launch template), which gets the few rights of a node in addition',
    );
  }
  for (const name of ['nodeRole', 'keepHooks'] as const) {
    if (pool === undefined || 'existingGroup' in pool || aws?.[name] === undefined) continue;
    wrong(`aws.${name}`, 'is of use with ebbtide:pool.existingGroup alone: leave it out');
  }
  for (const name of ['keys', 'redis'] as const) {
    const bytes = Buffer.byteLength(JSON.stringify(mediaSecrets?.[name] ?? ''));
    if (bytes <= MOST_PARAMETER_BYTES) continue;
    wrong(
      `mediaSecrets.${name}`,
      `has ${bytes} bytes as JSON: must have at most ${MOST_PARAMETER_BYTES}, which is what a parameter of AWS takes`,
    );
  }
  if (shared.scaling?.lowFor !== undefined)
    wrong(
      'scaling.lowFor',
      'is of no use on AWS, whose target tracking waits for 15 minutes by itself: leave it out',
    );
  const topics = alarms?.notify ?? [];
  if (topics.length > MOST_TOPICS) {
    wrong(
      'alarms.notify',
      `has ${topics.length} topics: must have at most ${MOST_TOPICS}, which is what an alarm takes`,
    );
  }
  if (heartbeat !== undefined && timeout !== undefined && heartbeat * 2 > timeout) {
    wrong(
      'agent.every.heartbeat',
      `is ${describeDuration(heartbeat)}: must be at most half of ebbtide:aws.heartbeatTimeout ` +
        `(${describeDuration(timeout)}), so that one failed heartbeat changes nothing`,
    );
  }
  return problems;
}

/** Its letter is the zone's place in the network: see `subnetRange`. */
function wrongZone(
  zone: string,
  before: readonly (string | undefined)[],
  region: string | undefined,
): string | undefined {
  if (region === undefined) return undefined;
  if (!zone.startsWith(region) || !/^[a-p]$/.test(zone.slice(region.length))) {
    return `must be a zone of the region aws:region, such as "${region}a"`;
  }
  return before.includes(zone) ? 'must be named once' : undefined;
}

/** What is allowed and yet worth saying at preview. */
function awsWarnings(shared: SharedSettings, aws: AwsSection): Problem[] {
  const { pool, scaling, scaleIn } = shared;
  const warnings: Problem[] = [];
  const limit = hookLimitMs(aws);
  if (scaleIn.ceiling > limit) {
    warnings.push({
      key: 'scaleIn.ceiling',
      says:
        `is ${describeDuration(scaleIn.ceiling)}, but AWS holds a leaving machine for ${describeDuration(limit)} at most ` +
        `(48 h, and 100 times ebbtide:aws.heartbeatTimeout). A drain that takes longer is not cut: the machine is then ` +
        'retained outside of the group, an alarm is raised, and it leaves when it is empty',
    });
  }
  if (scaling.kind === 'cpu' && pool.min === 0) {
    warnings.push({
      key: 'pool.min',
      says: 'is 0: a group without machines has no CPU, so AWS cannot grow it from 0 by itself. 1 keeps it growing',
    });
  }
  if (scaleIn.victim === 'native') {
    warnings.push({
      key: 'scaleIn.victim',
      says:
        'is "native": AWS chooses who leaves, whatever runs there, and neither ebbtide:scaleIn.maxDrains nor ' +
        'ebbtide:scaling.coolDown bounds it. No call is cut, but drains take longer than with "emptiest"',
    });
  }
  return warnings;
}
