import * as pulumi from '@pulumi/pulumi';
import type { Bundler } from '../../stacks/bundle.ts';
import type { PoolOutputs } from '../../stacks/pool.ts';
import { runProgram } from '../../stacks/program.ts';
import type { Settings } from '../../stacks/settings.ts';

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
  awsFunction: async (name) => ({ code: name, sha256: 'd'.repeat(64) }),
  gcpFunction: async (name) => ({ code: name, sha256: 'e'.repeat(64) }),
};

/** As the CLI hands it over: text, objects as JSON. */
export function configValues(settings: Record<string, unknown>): Record<string, string> {
  const values: Record<string, string> = { 'aws:region': 'eu-west-1' };
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
  options: { preview?: boolean; settings?: Record<string, unknown>; refuse?: string } = {},
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
          return {
            id: `${args.name}-id`,
            state: { ...args.inputs, ...outputsOf(args.type, args.name, plain) },
          };
        },
        call: ({ token, inputs }) => answer(token, inputs),
      },
      'ebbtide',
      'test',
      options.preview ?? false,
    );
    const settings = { ...GOOD, ...options.settings };
    const config = { values: configValues(settings), isSecret: () => true };
    const outputs = await runProgram(config, bundler);
    await Promise.race([pulumi.runtime.disconnect(), failed]);
    // Rejections are reported once the queue of microtasks has run dry.
    await Promise.race([new Promise((resolve) => setImmediate(resolve)), failed]);
    return { resources, outputs, one: (type, name) => only(resources, type, name) };
  } finally {
    process.off('unhandledRejection', fail);
    for (const listener of others) process.on('unhandledRejection', listener);
  }
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
  switch (type) {
    case 'aws:s3/bucket:Bucket':
      return { bucket: 'ebbtide-media-1234', arn: 'arn:aws:s3:::ebbtide-media-1234' };
    case 'aws:iam/role:Role':
      return { ...arn, uniqueId: 'AROAEXAMPLE' };
    case 'aws:ec2/launchTemplate:LaunchTemplate':
      return { ...arn, latestVersion: 7 };
    default:
      return { name: inputs.name ?? name, ...arn };
  }
}

function answer(token: string, inputs: Record<string, unknown>): Record<string, unknown> {
  switch (token) {
    case 'aws:index/getCallerIdentity:getCallerIdentity':
      return { accountId: '123456789012' };
    case 'aws:index/getPartition:getPartition':
      return { partition: 'aws' };
    case 'aws:index/getAvailabilityZones:getAvailabilityZones':
      return { names: ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'] };
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
