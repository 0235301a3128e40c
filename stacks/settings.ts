import * as v from 'valibot';
import { describeDuration } from '../fleet/duration.ts';
import {
  type AwsProviderSection,
  type AwsSection,
  awsProblems,
  awsProviderSection,
  awsSection,
  awsWarnings,
} from './aws/settings.ts';
import { readMedia } from './media-settings.ts';
import { type RightPart, rightPartOf } from './right-part.ts';
import { configKey, type Problem, problemsOf, SettingsError } from './settings-errors.ts';
import type { SettingsFiles } from './settings-files.ts';
import { type SharedSettings, sharedSections } from './settings-schema.ts';

/** Everything that a stack file says, checked, with what its files hold. Durations are in milliseconds. */
export interface Settings extends SharedSettings {
  aws: AwsSection;
  awsProvider: AwsProviderSection;
  /** Undefined for a media server whose config is not ours. */
  livekitTemplate: string | undefined;
}

/** The stack's configuration as Pulumi hands it over: full keys, values as text or JSON, secrets in the clear. */
export interface RawConfig {
  values: Readonly<Record<string, string>>;
  isSecret(key: string): boolean;
}

export interface ReadSettings {
  settings: Settings;
  /** One sentence each, naming its key. */
  warnings: string[];
}

const PROJECT = 'ebbtide';
const sections = { ...sharedSections, aws: v.optional(awsSection, {}) };
type SectionName = keyof typeof sections;
const sectionNames = Object.keys(sections) as SectionName[];

/** Throws a SettingsError that tells everything that is wrong, not only the first. */
export function readSettings(config: RawConfig, files: SettingsFiles): ReadSettings {
  const problems = unknownKeys(config);
  const right: RightPart<Omit<Settings, 'livekitTemplate'>> = {};
  for (const name of sectionNames) {
    const result = v.safeParse(sections[name], decode(config.values[`${PROJECT}:${name}`]));
    Object.assign(right, { [name]: rightPartOf(result) });
    problems.push(...problemsOf(name, result.issues ?? [], name === 'mediaSecrets'));
  }
  const provider = v.safeParse(awsProviderSection, providerKeys(config));
  problems.push(...problemsOf('aws:', provider.issues ?? [], false));

  problems.push(...sharedProblems(right), ...awsProblems(right, right.aws, rightPartOf(provider)));
  const media = readMedia(right, files);
  problems.push(...media.problems);
  if (problems.length > 0) throw new SettingsError(problems);
  const settings = {
    ...right,
    awsProvider: provider.output,
    livekitTemplate: media.template,
  } as Settings;
  const warnings = [
    ...sharedWarnings(settings, config),
    ...media.warnings,
    ...awsWarnings(settings, settings.aws),
  ];
  return { settings, warnings: warnings.map(({ key, says }) => `${configKey(key)} ${says}`) };
}

function unknownKeys(config: RawConfig): Problem[] {
  const problems: Problem[] = [];
  for (const key of Object.keys(config.values)) {
    if (!key.startsWith(`${PROJECT}:`)) continue;
    const name = key.slice(PROJECT.length + 1);
    if (sectionNames.some((known) => known === name)) continue;
    const [first] = name.split('.');
    const says = sectionNames.some((known) => known === first)
      ? `is a path: set it with \`pulumi config set --path '${key}' …\``
      : `is not a setting; there are ${sectionNames.join(', ')}`;
    problems.push({ key: name, says });
  }
  return problems;
}

function providerKeys(config: RawConfig): Record<string, unknown> {
  const keys = Object.entries(config.values).filter(([key]) => key.startsWith('aws:'));
  return Object.fromEntries(keys.map(([key, value]) => [key.slice('aws:'.length), decode(value)]));
}

/** Pulumi hands over objects and lists as JSON, all else as plain text. */
function decode(value: string | undefined): unknown {
  if (value === undefined || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    // Not JSON after all: the schema says what would be right.
    return value;
  }
}

/** What settings that are right by themselves ask of each other. */
function sharedProblems({ pool, network, media, agent }: RightPart<SharedSettings>): Problem[] {
  const { min, max, initial } = pool ?? {};
  const problems: Problem[] = [];
  const wrong = (key: string, says: string) => problems.push({ key, says });

  if (min !== undefined && max !== undefined) {
    if (min > max) wrong('pool.min', `is ${min}: must be at most ebbtide:pool.max, which is ${max}`);
    if (initial !== undefined && (initial < min || initial > max)) {
      wrong(
        'pool.initial',
        `is ${initial}: must lie between ebbtide:pool.min and ebbtide:pool.max, ${min} to ${max}`,
      );
    }
  }
  if (pool?.imageHasSoftware === true && !('image' in pool)) {
    wrong(
      'pool.imageHasSoftware',
      'is true: must come with ebbtide:pool.image, the image that has the software',
    );
  }
  if (network?.id !== undefined && !('subnets' in network)) {
    wrong(
      'network.subnets',
      'is missing: with ebbtide:network.id it must list the subnets in which the nodes are to live',
    );
  }
  if (network?.subnets !== undefined && !('id' in network)) {
    wrong('network.id', 'is missing: with ebbtide:network.subnets it must name the network that they are in');
  }
  if (network?.id !== undefined && network.cidr !== undefined) {
    wrong(
      'network.cidr',
      'is of no use with ebbtide:network.id: it is the range of a network that is created; leave out one of them',
    );
  }
  if (network?.subnets !== undefined && pool?.zones !== undefined) {
    wrong(
      'pool.zones',
      'is of no use with ebbtide:network.subnets: each subnet has its zone; leave out one of them',
    );
  }
  const ports = [
    ['media.ports.signal', media?.ports?.signal],
    ['media.ports.rtcTcp', media?.ports?.rtcTcp],
    ['media.ports.metrics', media?.ports?.metrics],
    ['agent.http.port', agent?.http?.port],
  ] as const;
  for (const [index, [key, port]] of ports.entries()) {
    const taken = port && ports.slice(0, index).find(([, other]) => other === port);
    if (taken) wrong(key, `is ${port}: must be a port of its own, but ebbtide:${taken[0]} is ${port} too`);
  }
  return problems;
}

function sharedWarnings(
  { pool, scaleIn, media, mediaSecrets, livekitTemplate }: Settings,
  config: RawConfig,
): Problem[] {
  const warnings: Problem[] = [];
  const hasSecrets = config.values[`${PROJECT}:mediaSecrets`] !== undefined;
  if (hasSecrets && !config.isSecret(`${PROJECT}:mediaSecrets`)) {
    warnings.push({
      key: 'mediaSecrets',
      says: 'is kept in plain text: set its values with `pulumi config set --secret --path`',
    });
  }
  if (media.kind === 'livekit' && mediaSecrets.redis === undefined && pool.max > 1) {
    warnings.push({
      key: 'mediaSecrets.redis',
      says: 'is not set: without Redis every node is a media server of its own, and people of one room must reach the same one',
    });
  }
  if (mediaSecrets.redis !== undefined && livekitTemplate?.includes('{{redis}}') === false) {
    warnings.push({
      key: 'media.config',
      says: 'does not name {{redis}}: ebbtide:mediaSecrets.redis reaches no media server. Add "redis: {{redis}}"',
    });
  }
  if (scaleIn.warnAfter > scaleIn.ceiling) {
    warnings.push({
      key: 'scaleIn.warnAfter',
      says: `is ${describeDuration(scaleIn.warnAfter)}, later than ebbtide:scaleIn.ceiling (${describeDuration(scaleIn.ceiling)}): it never comes`,
    });
  }
  return warnings;
}
