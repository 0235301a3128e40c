import * as pulumi from '@pulumi/pulumi';
import { runRepositoryCode } from '../../repository-code.ts';

/** Where the functions of a pool are. One of its name and region is made; another region or name is another namespace. */
export interface FunctionsNamespaceArgs {
  /** Its name, which no other namespace of the account may have. */
  label: pulumi.Input<string>;
  region: pulumi.Input<string>;
}

export interface FunctionsPackageArgs {
  /** A namespace's id. */
  namespace: pulumi.Input<string>;
  name: pulumi.Input<string>;
}

export interface FunctionsActionArgs {
  namespace: pulumi.Input<string>;
  package: pulumi.Input<string>;
  name: pulumi.Input<string>;
  /** `nodejs:22` */
  runtime: pulumi.Input<string>;
  /** One file, which exports `main`. */
  code: pulumi.Input<string>;
  timeoutSeconds: pulumi.Input<number>;
  memoryMb: pulumi.Input<number>;
  /** What it is called with, beside what a call brings. Secret, all of them; no call can bring another. */
  parameters: pulumi.Input<Record<string, pulumi.Input<unknown>>>;
  /** Who sends it as `X-Require-Whisk-Auth` to `url` wakes it. */
  webSecret?: pulumi.Input<string> | undefined;
  /** Without a `webSecret`: whether anybody may call it at `url`; else it has no `url`. */
  open?: pulumi.Input<boolean> | undefined;
}

export interface FunctionsTriggerArgs {
  namespace: pulumi.Input<string>;
  name: pulumi.Input<string>;
  /** `PACKAGE/ACTION` */
  function: pulumi.Input<string>;
  /** Five fields; a minute is the finest. */
  cron: pulumi.Input<string>;
  enabled: pulumi.Input<boolean>;
}

export class FunctionsNamespace extends pulumi.dynamic.Resource {
  /** Where its API is. */
  declare readonly apiHost: pulumi.Output<string>;
  constructor(name: string, args: FunctionsNamespaceArgs, options: pulumi.CustomResourceOptions) {
    super(
      provider,
      name,
      { kind: 'namespace', ...args, apiHost: undefined },
      options,
      'ebbtide',
      'FunctionsNamespace',
    );
  }
}

export class FunctionsPackage extends pulumi.dynamic.Resource {
  declare readonly name: pulumi.Output<string>;
  constructor(name: string, args: FunctionsPackageArgs, options: pulumi.CustomResourceOptions) {
    super(provider, name, { kind: 'package', ...args }, options, 'ebbtide', 'FunctionsPackage');
  }
}

export class FunctionsAction extends pulumi.dynamic.Resource {
  /** `PACKAGE/ACTION` */
  declare readonly function: pulumi.Output<string>;
  /** Where it is called; empty where nobody may. */
  declare readonly url: pulumi.Output<string>;
  constructor(name: string, args: FunctionsActionArgs, options: pulumi.CustomResourceOptions) {
    const { parameters, webSecret, ...rest } = args;
    super(
      provider,
      name,
      {
        kind: 'action',
        ...rest,
        parameters: pulumi.secret(parameters),
        ...(webSecret === undefined ? {} : { webSecret: pulumi.secret(webSecret) }),
        function: undefined,
        url: undefined,
        version: undefined,
        digest: undefined,
      },
      // Parameters may be guessed by it.
      pulumi.mergeOptions(options, { additionalSecretOutputs: ['digest'] }),
      'ebbtide',
      'FunctionsAction',
    );
  }
}

export class FunctionsTrigger extends pulumi.dynamic.Resource {
  declare readonly name: pulumi.Output<string>;
  constructor(name: string, args: FunctionsTriggerArgs, options: pulumi.CustomResourceOptions) {
    super(provider, name, { kind: 'trigger', ...args }, options, 'ebbtide', 'FunctionsTrigger');
  }
}

type Properties = Record<string, unknown>;

interface Configured extends pulumi.dynamic.ResourceProvider<Properties> {
  run: typeof runRepositoryCode;
  ask(operation: string, request: Properties): Promise<unknown>;
  token?: string | undefined;
  endpoint?: string | undefined;
}

/**
 * Pulumi's provider for DigitalOcean knows no Functions. It is kept as text: nothing outside of it may be used in its
 * methods. The token is the operator's, as that provider finds it, and is looked for each time: nothing keeps it.
 */
const provider: Configured = {
  run: runRepositoryCode,
  async configure({ config }) {
    this.token = config.get('digitalocean:token');
    this.endpoint = config.get('digitalocean:apiEndpoint');
  },
  ask(operation, request) {
    return this.run(
      {
        file: 'digitalocean/functions/run-resource.ts',
        function: 'runResource',
        failure: `it could not ${operation} a thing of DigitalOcean Functions`,
      },
      { operation, ...request },
      { token: this.token, endpoint: this.endpoint, environment: process.env },
    );
  },
  async check(_olds, news) {
    const failures = await this.ask('check', { news });
    return { inputs: news, failures: failures as pulumi.dynamic.CheckFailure[] };
  },
  async diff(_id, olds, news) {
    return (await this.ask('diff', { olds, news })) as pulumi.dynamic.DiffResult;
  },
  async create(news) {
    return (await this.ask('create', { news })) as pulumi.dynamic.CreateResult;
  },
  async read(id, olds) {
    return (await this.ask('read', { id, olds })) as pulumi.dynamic.ReadResult;
  },
  async update(id, olds, news) {
    return (await this.ask('update', { id, olds, news })) as pulumi.dynamic.UpdateResult;
  },
  async delete(id, olds) {
    await this.ask('delete', { id, olds });
  },
};
