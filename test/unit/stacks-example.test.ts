import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { parse } from 'yaml';
import { agentConfigSchema } from '../../fleet/agent-config.ts';
import { awsProviderSection, awsRules, awsSection } from '../../stacks/aws/settings.ts';
import { DEFAULT_LOW_FOR_MS as AZURE_LOW_FOR_MS } from '../../stacks/azure/low-for.ts';
import { DEFAULT_MACHINE_TYPE as AZURE_MACHINE_TYPE } from '../../stacks/azure/machine.ts';
import { DEFAULT_RANGE as AZURE_RANGE } from '../../stacks/azure/network.ts';
import { azureProviderSection, azureRules, azureSection } from '../../stacks/azure/settings.ts';
import { repositoryRoot } from '../../stacks/bundle.ts';
import { DEFAULT_MACHINE_TYPE as DIGITALOCEAN_MACHINE_TYPE } from '../../stacks/digitalocean/machine.ts';
import { DEFAULT_RANGE as DIGITALOCEAN_RANGE } from '../../stacks/digitalocean/network.ts';
import { DEFAULT_LOW_FOR_MS as DIGITALOCEAN_LOW_FOR_MS } from '../../stacks/digitalocean/orchestrator.ts';
import {
  digitalOceanProviderSection,
  digitalOceanRules,
  digitalOceanSecretsSection,
  digitalOceanSection,
} from '../../stacks/digitalocean/settings.ts';
import { DEFAULT_MACHINE_TYPE as GCP_MACHINE_TYPE } from '../../stacks/gcp/machine.ts';
import { DEFAULT_RANGE as GCP_RANGE } from '../../stacks/gcp/network.ts';
import { DEFAULT_LOW_FOR_MS as GCP_LOW_FOR_MS } from '../../stacks/gcp/pruner.ts';
import { gcpProviderSection, gcpRules, gcpSection } from '../../stacks/gcp/settings.ts';
import { livekitTemplate } from '../../stacks/livekit-config.ts';
import { nodeMedia } from '../../stacks/node-media.ts';
import { readSettings } from '../../stacks/settings.ts';
import type { SettingsFiles } from '../../stacks/settings-files.ts';
import { sharedSections } from '../../stacks/settings-schema.ts';
import { keysOf } from './schema-keys.ts';
import { GOOD, settingsOf } from './stacks-mocks.ts';

const text = readFileSync(join(repositoryRoot, 'Pulumi.aws.yaml'), 'utf8');
const openviduText = readFileSync(join(repositoryRoot, 'Pulumi.aws-openvidu.yaml'), 'utf8');
const SHA = 'a'.repeat(64);
const NOTHING = { text: () => undefined, sha256: () => undefined };

function configOf(stackFile: string): Record<string, unknown> {
  return v.parse(v.object({ config: v.record(v.string(), v.unknown()) }), parse(stackFile)).config;
}

const config = configOf(text);
const openvidu = configOf(openviduText);

function readAll(all: Record<string, unknown>, files: SettingsFiles = NOTHING) {
  const values = Object.entries(all).map(([key, value]) => {
    return [key, typeof value === 'string' ? value : JSON.stringify(value)];
  });
  return readSettings({ values: Object.fromEntries(values), isSecret: () => true }, files);
}

const read = (changed: Record<string, unknown>) => readAll({ ...config, ...changed });

const secrets = { 'ebbtide:mediaSecrets': GOOD.mediaSecrets };

describe('Pulumi.aws.yaml', () => {
  it('is a stack file that works, once it has its secrets and the sum of its artifact', () => {
    assert.throws(
      () => read({}),
      /ebbtide:media\.artifact\.sha256 is "put here.*ebbtide:mediaSecrets\.keys is missing/s,
    );
    const media = { ...Object(config['ebbtide:media']) };
    media.artifact = { ...media.artifact, sha256: 'a'.repeat(64) };
    const { warnings } = read({ ...secrets, 'ebbtide:media': media });
    assert.deepEqual(warnings, []);
  });

  it('says nothing but what holds without it', () => {
    const values = { 'aws:region': 'eu-west-1', 'ebbtide:cloud': 'aws', 'ebbtide:pool': '{"name":"media"}' };
    const media = { artifact: { ...Object(config['ebbtide:media']).artifact, sha256: 'a'.repeat(64) } };
    const small = readSettings(
      {
        values: {
          ...values,
          'ebbtide:media': JSON.stringify(media),
          'ebbtide:mediaSecrets': JSON.stringify(GOOD.mediaSecrets),
        },
        isSecret: () => true,
      },
      NOTHING,
    ).settings;
    const all = read({
      ...secrets,
      'ebbtide:media': { ...Object(config['ebbtide:media']), ...media },
    }).settings;
    const { template } = livekitTemplate(undefined, { keys: true, redis: true }, all.media.ports);
    assert.equal(all.livekitTemplate, template);
    assert.equal(small.livekitTemplate, all.livekitTemplate);
    const { pool, network, scaling, scaleIn, alarms, logs, onDestroy, aws } = settingsOf(small, 'aws');
    assert.deepEqual(
      {
        pool: { ...pool, initial: 1, machineType: 'c6i.xlarge' },
        network: { ...network, cidr: '10.87.0.0/16' },
      },
      { pool: all.pool, network: all.network },
    );
    assert.deepEqual(
      { scaling, scaleIn, alarms, logs, onDestroy, aws, ports: small.media.ports },
      {
        scaling: all.scaling,
        scaleIn: all.scaleIn,
        alarms: all.alarms,
        logs: all.logs,
        onDestroy: all.onDestroy,
        aws: settingsOf(all, 'aws').aws,
        ports: all.media.ports,
      },
    );
    // What the stack leaves to the agent is the agent's own default.
    const defaults = v.getDefault(agentConfigSchema.entries.every) ?? {};
    const { tick: _, ...every } = v.parse(agentConfigSchema.entries.every, defaults);
    // How often it asks its cloud, the agent knows by itself: on AWS each second.
    assert.deepEqual({ notice: 1000, ...every }, all.agent.every);
    assert.deepEqual(v.parse(agentConfigSchema.entries.timeout, {}), all.agent.timeout);
  });

  it('explains every key that there is', () => {
    const sections = { ...sharedSections(awsRules.words), aws: awsSection };
    const paths = [...keysOf({ entries: sections }), ...keysOf(awsProviderSection)];
    const keys = new Set(paths.flat());
    assert.ok(keys.size > 60, `${keys.size} keys: the schema was not read`);
    // LiveKit's own redis block is told in one line.
    const both = text + openviduText;
    const missing = [...keys].filter((key) => !new RegExp(`\\b${key}\\b`).test(both));
    assert.deepEqual(missing, []);
  });
});

/** Stack files of clouds on which an agent has a mailbox. */
const others = [
  {
    cloud: 'gcp',
    title: 'GCP',
    place: { 'gcp:project': 'my-project-123456', 'gcp:region': 'europe-west1' },
    defaults: { machineType: GCP_MACHINE_TYPE, cidr: GCP_RANGE, lowFor: GCP_LOW_FOR_MS },
    sections: { ...sharedSections(gcpRules.words), gcp: gcpSection },
    providerSection: gcpProviderSection,
    unused: ['onRebalance', 'heartbeat'],
    secrets,
  },
  {
    cloud: 'azure',
    title: 'Azure',
    place: {
      'azure-native:subscriptionId': '11111111-2222-3333-4444-555555555555',
      'azure-native:location': 'westeurope',
    },
    defaults: { machineType: AZURE_MACHINE_TYPE, cidr: AZURE_RANGE, lowFor: AZURE_LOW_FOR_MS },
    sections: { ...sharedSections(azureRules.words), azure: azureSection },
    providerSection: azureProviderSection,
    unused: ['onRebalance', 'heartbeat'],
    secrets,
  },
  {
    cloud: 'digitalocean',
    title: 'DigitalOcean',
    place: { 'ebbtide:digitalocean': { region: 'fra1' } },
    defaults: {
      machineType: DIGITALOCEAN_MACHINE_TYPE,
      cidr: DIGITALOCEAN_RANGE,
      lowFor: DIGITALOCEAN_LOW_FOR_MS,
    },
    sections: {
      ...sharedSections(digitalOceanRules.words),
      digitalocean: digitalOceanSection,
      digitaloceanSecrets: digitalOceanSecretsSection,
    },
    providerSection: digitalOceanProviderSection,
    unused: ['onRebalance', 'heartbeat', 'spot', 'existingGroup', 'access', 'shell'],
    secrets: { ...secrets, 'ebbtide:digitaloceanSecrets': { orchestratorToken: 'token' } },
  },
] as const;

for (const { cloud, title, place, defaults, sections, providerSection, unused, ...given } of others) {
  describe(`Pulumi.${cloud}.yaml`, () => {
    const stackFile = readFileSync(join(repositoryRoot, `Pulumi.${cloud}.yaml`), 'utf8');
    const example = configOf(stackFile);
    const artifact = { ...Object(example['ebbtide:media']).artifact, sha256: SHA };
    const media = { ...Object(example['ebbtide:media']), artifact };
    const isUnused = (key: string) => unused.some((each) => each === key);

    it('is a stack file that works, once it has its secrets and the sum of its artifact', () => {
      assert.throws(
        () => readAll(example),
        /ebbtide:media\.artifact\.sha256 is "put here.*ebbtide:mediaSecrets\.keys is missing/s,
      );
      assert.deepEqual(readAll({ ...example, ...given.secrets, 'ebbtide:media': media }).warnings, []);
    });

    it('says nothing but what holds without it', () => {
      const few = {
        ...place,
        'ebbtide:cloud': cloud,
        ...given.secrets,
        'ebbtide:pool': { name: 'media' },
        'ebbtide:media': { artifact },
      };
      const small = settingsOf(readAll(few).settings, cloud);
      const all = settingsOf(
        readAll({ ...example, ...given.secrets, 'ebbtide:media': media }).settings,
        cloud,
      );
      const { agent, ...said } = small;
      const { agent: agentOfAll, ...rest } = all;
      const { machineType, cidr, lowFor } = defaults;
      assert.deepEqual(
        {
          ...said,
          // What the pool's components take where nothing is said.
          pool: { ...small.pool, machineType },
          network: { ...small.network, cidr },
          scaling: { ...small.scaling, lowFor },
          media: { ...small.media, config: Object(all.media).config },
        },
        rest,
      );
      // What the stack leaves to the agent is the agent's own default.
      const { tick: _, ...every } = v.parse(agentConfigSchema.entries.every, {});
      const used = Object.entries({ notice: 3000, ...every }).filter(([key]) => !isUnused(key));
      assert.deepEqual(Object.fromEntries(used), agentOfAll.every);
      assert.deepEqual(v.parse(agentConfigSchema.entries.timeout, {}), agentOfAll.timeout);
      assert.deepEqual({ ...agent, every: {}, timeout: {} }, { ...agentOfAll, every: {}, timeout: {} });
    });

    it(`explains every key that there is on ${title}`, () => {
      const paths = [...keysOf({ entries: sections }), ...keysOf(providerSection)];
      const keys = new Set(paths.flat());
      // What it has no use for is refused, and not explained.
      for (const key of unused) keys.delete(key);
      const missing = [...keys].filter((key) => !new RegExp(`\\b${key}\\b`).test(stackFile + openviduText));
      assert.deepEqual(missing, []);
    });
  });
}

describe('Pulumi.aws-openvidu.yaml', () => {
  const script: SettingsFiles = {
    text: () => undefined,
    sha256: (path) => (path === './openvidu-media-node.sh' ? SHA : undefined),
  };
  const media = Object(openvidu['ebbtide:media']);
  const withSum = { ...media, setup: { ...media.setup, sha256: SHA } };

  it('is a stack file that works, once it has its script', () => {
    assert.throws(
      () => readAll(openvidu),
      /ebbtide:media\.setup\.sha256 is "put here.*ebbtide:media\.setup\.file is .*there is no such file/s,
    );
    const { settings, warnings } = readAll({ ...openvidu, 'ebbtide:media': withSum }, script);
    assert.deepEqual(warnings, []);
    assert.equal(settings.livekitTemplate, undefined);
  });

  it('switches on what tells the jobs of ingress; without that a preview warns of what follows', () => {
    const { ingress: _, ...without } = withSum;
    const { warnings } = readAll({ ...openvidu, 'ebbtide:media': without }, script);
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0] ?? '',
      /media\.ingress\.metricsPort is missing: .*prometheus_port.*never serves/,
    );
  });

  it('says nothing but what holds without it', () => {
    const agentOf = (written: object) => {
      const { settings } = readAll({ ...openvidu, 'ebbtide:media': written }, script);
      const told = nodeMedia(settings, { key: 'software/setup', sha256: SHA }).agent;
      const filled = JSON.stringify(told).replace('{{metricsPort}}', String(settings.media.ports.metrics));
      return v.parse(agentConfigSchema.entries.media, JSON.parse(filled));
    };
    const { kind, setup, ingress } = withSum;
    assert.deepEqual(agentOf(withSum), agentOf({ kind, setup, ingress }));
  });
});
