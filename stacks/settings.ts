import * as v from 'valibot';
import { CLOUD_NAMES, type CloudName } from '../fleet/clouds.ts';
import { awsRules } from './aws/settings.ts';
import { azureRules } from './azure/settings.ts';
import type { CloudRules } from './cloud-rules.ts';
import { digitalOceanRules } from './digitalocean/settings.ts';
import { existingGroupProblems } from './existing-group-rules.ts';
import { gcpRules } from './gcp/settings.ts';
import { readMedia } from './media-settings.ts';
import { type RightPart, rightPartOf } from './right-part.ts';
import { configKey, type Problem, problemsOf, SettingsError } from './settings-errors.ts';
import type { SettingsFiles } from './settings-files.ts';
import { type CommonSettings, type SharedSettings, sharedSections } from './settings-schema.ts';
import { sharedProblems, sharedWarnings } from './shared-rules.ts';

/** What each cloud adds. A cloud more is a row more. */
export const CLOUD_RULES = {
  aws: awsRules,
  azure: azureRules,
  digitalocean: digitalOceanRules,
  gcp: gcpRules,
} satisfies Readonly<Record<CloudName, unknown>>;

/** Everything that a stack file says, checked, with what its files hold. */
export type Settings = ReturnType<(typeof CLOUD_RULES)[CloudName]['settingsOf']>;

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

/** Throws a SettingsError that tells everything that is wrong, not only the first. */
export function readSettings(config: RawConfig, files: SettingsFiles): ReadSettings {
  const cloud = cloudOf(config);
  const rules: CloudRules<object, object, unknown, Settings> = CLOUD_RULES[cloud];
  const sections = sharedSections(rules.words);
  const ofCloudAlone = rules.secrets === undefined ? [cloud] : [cloud, secretsOf(cloud)];
  const problems = strangeKeys(config, cloud, [...Object.keys(sections), ...ofCloudAlone]);
  const written = (name: string) => decode(config.values[`${PROJECT}:${name}`]);

  const right: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(sections)) {
    const result = v.safeParse(schema, written(name));
    right[name] = rightPartOf(result);
    problems.push(...problemsOf(name, result.issues ?? [], name === 'mediaSecrets'));
  }
  const shared: RightPart<SharedSettings> = right;
  const own = v.safeParse(v.optional(rules.section, {}), written(cloud));
  problems.push(...problemsOf(cloud, own.issues ?? [], false));
  const secret = rules.secrets && v.safeParse(rules.secrets, written(secretsOf(cloud)));
  problems.push(...problemsOf(secretsOf(cloud), secret?.issues ?? [], true));
  const provider = v.safeParse(rules.providerSection, providerKeys(config, cloud));
  problems.push(...problemsOf(`${CLOUD_RULES[cloud].provider}:`, provider.issues ?? [], false));

  problems.push(
    ...sharedProblems(shared, rules),
    ...existingGroupProblems(shared, written, rules.broughtByGroup),
    ...rules.problems(shared, rightPartOf(own), rightPartOf(provider)),
  );
  const media = readMedia(shared, files);
  problems.push(...media.problems);
  if (problems.length > 0 || !own.success || !provider.success || secret?.success === false)
    throw new SettingsError(problems);

  // Nothing is wrong, so what is right of it is all of it.
  const common = { ...right, livekitTemplate: media.template } as CommonSettings;
  const secrets = secret?.output;
  const isPlain = (name: string) =>
    config.values[`${PROJECT}:${name}`] !== undefined && !config.isSecret(`${PROJECT}:${name}`);
  const warnings = [
    ...sharedWarnings(common, ['mediaSecrets', secretsOf(cloud)].filter(isPlain)),
    ...media.warnings,
    ...rules.warnings(common, own.output, secrets),
  ];
  return {
    settings: rules.settingsOf(common, { own: own.output, provider: provider.output, secrets }),
    warnings: warnings.map(({ key, says }) => `${configKey(key)} ${says}`),
  };
}

/** As it is said; where that is wrong, whose words the rest of the file speaks, so that the rest can be checked too. */
function cloudOf({ values }: RawConfig): CloudName {
  const said = CLOUD_NAMES.find((cloud) => values[`${PROJECT}:cloud`] === cloud);
  const keys = Object.keys(values);
  const spoken = (cloud: CloudName) => keys.some((key) => ofCloud(key, cloud));
  return said ?? CLOUD_NAMES.find(spoken) ?? CLOUD_NAMES[0];
}

function ofCloud(key: string, cloud: CloudName): boolean {
  const own = [cloud, secretsOf(cloud)].map((name) => `${PROJECT}:${name}`);
  return own.includes(key) || key.startsWith(`${CLOUD_RULES[cloud].provider}:`);
}

/** Where a cloud's own secrets are. */
function secretsOf(cloud: CloudName): string {
  return `${cloud}Secrets`;
}

/** Keys that nobody reads: misspelt ones, and those of another cloud. */
function strangeKeys({ values }: RawConfig, cloud: CloudName, known: readonly string[]): Problem[] {
  return Object.keys(values).flatMap((key): Problem[] => {
    const name = key.startsWith(`${PROJECT}:`) ? key.slice(PROJECT.length + 1) : undefined;
    const other = CLOUD_NAMES.find((each) => each !== cloud && ofCloud(key, each));
    // Of a cloud that is said wrongly, its own error speaks.
    if (other !== undefined && values[`${PROJECT}:cloud`] !== cloud) return [];
    if (other !== undefined)
      return [
        {
          key: name ?? key,
          says: `is for the cloud "${other}", and ebbtide:cloud is "${cloud}": leave it out`,
        },
      ];
    if (name === undefined || known.includes(name)) return [];
    const [first = ''] = name.split('.');
    const says = known.includes(first)
      ? `is a path: set it with \`pulumi config set --path '${key}' …\``
      : `is not a setting; there are ${known.join(', ')}`;
    return [{ key: name, says }];
  });
}

function providerKeys({ values }: RawConfig, cloud: CloudName): Record<string, unknown> {
  const prefix = `${CLOUD_RULES[cloud].provider}:`;
  const keys = Object.entries(values).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(keys.map(([key, value]) => [key.slice(prefix.length), decode(value)]));
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
