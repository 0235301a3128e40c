import * as pulumi from '@pulumi/pulumi';
import { CLOUD_NAMES, type CloudName } from '../../fleet/clouds.ts';
import type { Bundler } from '../../stacks/bundle.ts';
import type { PoolOutputs } from '../../stacks/pool.ts';
import { runProgram } from '../../stacks/program.ts';
import type { Settings } from '../../stacks/settings.ts';
import { azureAnswer, azureOutputs, SUBSCRIPTION } from './stacks-mocks-azure.ts';
import { digitalOceanOutputs } from './stacks-mocks-digitalocean.ts';

/** A resource as the engine is told of it: plain inputs, with the names of those that are secret. */
export interface Registered {
  type: string;
  name: string;
  custom: boolean;
  provider: string | undefined;
  inputs: Record<string, unknown>;
  secrets: string[];
}

export interface ProgramRun {
  resources: Registered[];
  outputs: PoolOutputs;
  one(type: string, name?: string): Registered;
}

export const GOOD: Record<string, unknown> = {
  cloud: 'aws',
  pool: { name: 'media', min: 1, max: 3 },
  media: {
    artifact: { url: 'https://example.org/livekit.tar.gz', sha256: 'a'.repeat(64), member: 'livekit-server' },
  },
  mediaSecrets: { keys: { devkey: 's'.repeat(32) }, redis: '10.0.0.5:6379' },
};

const bundler: Bundler = {
  agent: async () => ({ code: 'agent', sha256: 'b'.repeat(64) }),
  boot: async () => ({ code: 'boot', sha256: 'c'.repeat(64) }),
  functionOf: async (_cloud, name) => ({ code: name, sha256: 'd'.repeat(64) }),
  azureRunbook: async () => ({ code: 'runbook', sha256: 'f'.repeat(64) }),
  fileOf: async (_asset, sha256) => `/objects/${sha256}`,
};

export const GOOD_GCP: Record<string, unknown> = { ...GOOD, cloud: 'gcp' };
export const GOOD_AZURE: Record<string, unknown> = { ...GOOD, cloud: 'azure' };
export const GOOD_DIGITALOCEAN: Record<string, unknown> = {
  ...GOOD,
  cloud: 'digitalocean',
  digitalocean: { region: 'fra1' },
  digitaloceanSecrets: { orchestratorToken: 'token of the orchestrator' },
};

const BUCKET_MADE = '2026-01-02T03:04:05.678Z';

/** Of clouds whose provider must be told where it is. */
const PROVIDER_KEYS: Partial<Record<CloudName, Record<string, string>>> = {
  aws: { 'aws:region': 'eu-west-1' },
  azure: { 'azure-native:subscriptionId': SUBSCRIPTION, 'azure-native:location': 'westeurope' },
  gcp: { 'gcp:project': 'my-project', 'gcp:region': 'europe-west1' },
};

/** As the CLI hands it over: text, objects as JSON. */
export function configValues(settings: Record<string, unknown>): Record<string, string> {
  const values: Record<string, string> = {
    ...PROVIDER_KEYS[CLOUD_NAMES.find((name) => name === settings.cloud) ?? 'aws'],
  };
  for (const [key, value] of Object.entries(settings)) {
    values[`ebbtide:${key}`] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return values;
}

/** Settings of the cloud that a test is about. */
export function settingsOf<Cloud extends Settings['cloud']>(
  settings: Settings,
  cloud: Cloud,
): Extract<Settings, { cloud: Cloud }> {
  const is = (given: Settings): given is Extract<Settings, { cloud: Cloud }> => given.cloud === cloud;
  if (is(settings)) return settings;
  throw new Error(`settings of ${settings.cloud}, and not of ${cloud}`);
}

/** Runs the program against Pulumi's mocks. Rejects on the first thing that fails anywhere in it. */
export async function runUnderMocks(
  options: {
    preview?: boolean;
    settings?: Record<string, unknown>;
    /** The provider's own keys. */
    place?: Record<string, string>;
    refuse?: string;
    /** Where credentials are, and a cloud's own API where it is asked without Pulumi. */
    environment?: Readonly<Record<string, string>>;
    /** When Google made the bucket. */
    bucketMade?: string;
    /** Instead of what a cloud is asked for answers by itself; one that throws is a refusal. */
    answers?: Readonly<Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>>;
  } = {},
): Promise<ProgramRun> {
  const resources: Registered[] = [];
  // What waits for a refused resource may wait for ever: the first failure ends the run.
  let fail: (reason: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', fail);
  try {
    await pulumi.runtime.setMocks(
      {
        newResource(args) {
          if (args.type === options.refuse) throw new Error(`refused ${args.type}`);
          const { plain, secrets } = unwrap(args.inputs);
          resources.push({
            type: args.type,
            name: args.name,
            custom: args.custom ?? false,
            provider: args.provider,
            inputs: plain,
            secrets,
          });
          const { bucketMade } = options;
          const isBucket = args.type === 'gcp:storage/bucket:Bucket';
          const given = isBucket && bucketMade !== undefined ? { timeCreated: bucketMade } : {};
          return {
            id: `${args.name}-id`,
            state: { ...args.inputs, ...outputsOf(args.type, args.name, plain), ...given },
          };
        },
        call({ token, inputs }) {
          try {
            return (options.answers?.[token] ?? answerOf(token))(inputs);
          } catch (error) {
            // What a real provider says comes as a member that an Error does not have.
            throw Object.assign(new Error(), { details: error instanceof Error ? error.message : '' });
          }
        },
      },
      'ebbtide',
      'test',
      options.preview ?? false,
    );
    const settings = { ...GOOD, ...options.settings };
    const config = { values: { ...configValues(settings), ...options.place }, isSecret: () => true };
    const outputs = await runProgram(config, bundler, options.environment);
    await Promise.race([pulumi.runtime.disconnect(), failed]);
    // Rejections are reported once the queue of microtasks has run dry.
    await Promise.race([new Promise((resolve) => setImmediate(resolve)), failed]);
    return { resources, outputs, one: (type, name) => only(resources, type, name) };
  } finally {
    process.off('unhandledRejection', fail);
    for (const listener of others) process.on('unhandledRejection', listener);
  }
}

/** What mocks do not see: the options that each type of resource was made with. */
export async function optionsOfResources(
  make: (options: pulumi.ComponentResourceOptions) => void,
): Promise<Map<string, pulumi.CustomResourceOptions>> {
  const options = new Map<string, pulumi.CustomResourceOptions>();
  await pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => ({
      id: name,
      state: { ...inputs, ...outputsOf(type, name, unwrap(inputs).plain) },
    }),
    call: ({ token, inputs }) => answer(token, inputs),
  });
  make({
    transformations: [
      ({ type, opts }) => {
        options.set(type, opts);
        return undefined;
      },
    ],
  });
  await pulumi.runtime.disconnect();
  return options;
}

function only(resources: Registered[], type: string, name?: string): Registered {
  const found = resources.filter(
    (resource) => resource.type === type && (name === undefined || resource.name === name),
  );
  const [first] = found;
  if (first === undefined || found.length > 1) {
    const all = resources.map((resource) => `${resource.type} ${resource.name}`).join('\n');
    throw new Error(`${found.length} resources ${type} ${name ?? ''}, wanted one of:\n${all}`);
  }
  return first;
}

const SECRET = '4dabf18193072939515e22adb298388d';
const SIGNATURE = '1b47061264138c4ac30d75fd1eb44270';

/** Secrets arrive wrapped. */
function unwrap(inputs: Record<string, unknown>): { plain: Record<string, unknown>; secrets: string[] } {
  const plain: Record<string, unknown> = {};
  const secrets: string[] = [];
  for (const [key, value] of Object.entries(inputs)) {
    const isSecret = typeof value === 'object' && value !== null && Reflect.get(value, SECRET) === SIGNATURE;
    plain[key] = isSecret ? Reflect.get(value, 'value') : value;
    if (isSecret) secrets.push(key);
  }
  return { plain, secrets };
}

function outputsOf(type: string, name: string, inputs: Record<string, unknown>): Record<string, unknown> {
  const arn = { arn: `arn:of:${name}` };
  if (type.startsWith('azure-native:')) return azureOutputs(type, name, inputs);
  if (/^(digitalocean:|pulumi-nodejs:dynamic\/ebbtide:)/.test(type))
    return digitalOceanOutputs(type, name, inputs);
  switch (type) {
    case 'aws:s3/bucket:Bucket':
      return { bucket: 'ebbtide-media-1234', arn: 'arn:aws:s3:::ebbtide-media-1234' };
    case 'aws:iam/role:Role':
      return { ...arn, uniqueId: 'AROAEXAMPLE' };
    case 'aws:ec2/launchTemplate:LaunchTemplate':
      return { ...arn, latestVersion: 7 };
    case 'gcp:serviceaccount/account:Account': {
      const email = `${inputs.accountId}@my-project.iam.gserviceaccount.com`;
      return {
        email,
        member: `serviceAccount:${email}`,
        name: `projects/my-project/serviceAccounts/${email}`,
      };
    }
    case 'gcp:storage/bucket:Bucket':
      return { name: inputs.name, timeCreated: BUCKET_MADE };
    case 'gcp:projects/iAMCustomRole:IAMCustomRole':
      return { name: `projects/my-project/roles/${inputs.roleId}` };
    case 'gcp:storage/bucketObject:BucketObject':
      return { generation: 17 };
    case 'gcp:cloudfunctionsv2/function:Function':
      return { serviceConfig: { ...Object(inputs.serviceConfig), uri: `https://${inputs.name}.a.run.app` } };
    case 'gcp:compute/regionInstanceTemplate:RegionInstanceTemplate':
      return {
        name: `${inputs.namePrefix}1`,
        selfLink: `projects/my-project/regions/europe-west1/instanceTemplates/${inputs.namePrefix}1`,
      };
    case 'gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager':
      return { selfLink: `projects/my-project/regions/europe-west1/instanceGroupManagers/${inputs.name}` };
    default:
      return { name: inputs.name ?? name, ...arn };
  }
}

function answerOf(token: string) {
  return (inputs: Record<string, unknown>) => answer(token, inputs);
}

function answer(token: string, inputs: Record<string, unknown>): Record<string, unknown> {
  if (token.startsWith('azure-native:')) return azureAnswer(token, inputs);
  switch (token) {
    case 'gcp:projects/getProjectService:getProjectService':
      return { ...inputs, id: `${inputs.project}/${inputs.service}` };
    case 'gcp:compute/getZones:getZones':
      return { ...inputs, names: ['d', 'b', 'c', 'e'].map((letter) => `${inputs.region}-${letter}`) };
    case 'gcp:compute/getRegionInstanceGroupManager:getRegionInstanceGroupManager':
      throw new Error(`${inputs.name} not found`);
    case 'gcp:compute/getImage:getImage':
      return { ...inputs, selfLink: `projects/${inputs.project}/global/images/${inputs.family}-v20260101` };
    case 'gcp:compute/getSubnetwork:getSubnetwork':
      return {
        ...inputs,
        network: 'https://www.googleapis.com/compute/v1/projects/my-project/global/networks/default',
        selfLink: `projects/my-project/regions/europe-west1/subnetworks/${inputs.name}`,
      };
    case 'aws:index/getCallerIdentity:getCallerIdentity':
      return { accountId: '123456789012' };
    case 'aws:index/getPartition:getPartition':
      return { partition: 'aws' };
    case 'aws:index/getAvailabilityZones:getAvailabilityZones':
      return { names: ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'] };
    case 'aws:iam/getRole:getRole':
      return { ...inputs, uniqueId: 'AROATHEIRS', arn: `arn:aws:iam::123456789012:role/${inputs.name}` };
    case 'aws:ec2/getSubnet:getSubnet':
      return { ...inputs, vpcId: inputs.id === 'subnet-99' ? 'vpc-99' : 'vpc-12' };
    case 'aws:ec2/getAmi:getAmi':
      return { ...inputs, rootDeviceName: '/dev/xvda' };
    case 'aws:ssm/getParameter:getParameter':
      return { ...inputs, value: String(inputs.name).endsWith('arm64') ? 'ami-arm' : 'ami-amd' };
    default:
      throw new Error(`no answer to ${token}`);
  }
}
