import * as pulumi from '@pulumi/pulumi';
import { webActionUrl } from '../../fleet/digitalocean/web-action.ts';
import {
  ORCHESTRATOR_LIMIT_MS,
  type OrchestratorParameters,
  type OrchestratorSettings,
} from '../../fleet/digitalocean-function-settings.ts';
import {
  FunctionsAction,
  FunctionsNamespace,
  FunctionsPackage,
  FunctionsTrigger,
} from '../../providers/digitalocean/functions/resources.ts';
import type { Bundle } from '../bundle.ts';
import { DEFAULT_IMAGE, DEFAULT_MACHINE_TYPE, numberOrWord } from './machine.ts';
import type { DigitalOceanNames } from './names.ts';
import type { NodeTemplate } from './node-template.ts';
import type { DigitalOceanSettings } from './settings.ts';
import type { PoolStore } from './store.ts';

/** The orchestrator looks each minute: a single dip does not count. */
export const DEFAULT_LOW_FOR_MS = 10 * 60_000;
export const RUNTIME = 'nodejs:22';
const MEMORY_MB = 256;
const EACH_MINUTE = '* * * * *';

export interface OrchestratorHomeArgs {
  names: DigitalOceanNames;
  /** Of Functions. */
  region: string;
}

/** Where the orchestrator runs, and is woken. Known before it is there itself: what it makes droplets of tells them. */
export class OrchestratorHome extends pulumi.ComponentResource {
  readonly namespace: pulumi.Output<string>;
  readonly wakeUrl: pulumi.Output<string>;

  constructor(name: string, args: OrchestratorHomeArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:digitalocean:OrchestratorHome', name, {}, options);
    const { names, region } = args;
    const namespace = new FunctionsNamespace(name, { label: names.namespace, region }, { parent: this });
    this.namespace = namespace.id;
    this.wakeUrl = pulumi
      .all([namespace.apiHost, namespace.id])
      .apply(([apiHost, id]) => webActionUrl(apiHost, id, `${names.package}/${names.orchestrator}`));
    this.registerOutputs({ namespace: this.namespace, wakeUrl: this.wakeUrl });
  }
}

export interface OrchestratorArgs {
  settings: DigitalOceanSettings;
  names: DigitalOceanNames;
  bundle: Bundle;
  home: OrchestratorHome;
  store: PoolStore;
  template: NodeTemplate;
  network: pulumi.Output<string>;
  /** Of the API: the one that makes and deletes droplets. */
  apiToken: string;
  /** From which each node's own key is made. */
  poolSecret: pulumi.Output<string>;
  wakeSecret: pulumi.Output<string>;
  /** What must be there for as long as there are droplets. */
  lives: pulumi.Resource[];
}

/** The function that keeps the pool: it makes droplets, decides who leaves, and deletes those that are empty. */
export class Orchestrator extends pulumi.ComponentResource {
  /** `PACKAGE/ACTION` */
  readonly function: pulumi.Output<string>;
  /** In which the pool's functions are. */
  readonly package: pulumi.Output<string>;

  constructor(name: string, args: OrchestratorArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:digitalocean:Orchestrator', name, {}, options);
    const { names, home, bundle } = args;
    const parent = { parent: this };
    const { namespace } = home;
    const inside = new FunctionsPackage(`${name}-package`, { namespace, name: names.package }, parent);
    const action = new FunctionsAction(
      name,
      {
        namespace,
        package: inside.name,
        name: names.orchestrator,
        runtime: RUNTIME,
        code: bundle.code,
        timeoutSeconds: ORCHESTRATOR_LIMIT_MS / 1_000,
        memoryMb: MEMORY_MB,
        parameters: parametersOf(args),
        webSecret: args.wakeSecret,
      },
      { parent: this, dependsOn: args.lives },
    );
    this.function = action.function;
    this.package = inside.name;
    this.registerOutputs({ function: this.function });
  }
}

export interface EachMinuteArgs {
  names: DigitalOceanNames;
  home: OrchestratorHome;
  orchestrator: Orchestrator;
  /** It comes after this, and so goes before it. */
  sweep: pulumi.Resource;
}

/** What wakes the orchestrator: from then on there are droplets. */
export class EachMinute extends pulumi.ComponentResource {
  constructor(name: string, args: EachMinuteArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:digitalocean:EachMinute', name, {}, options);
    const { names, home, orchestrator, sweep } = args;
    new FunctionsTrigger(
      name,
      {
        namespace: home.namespace,
        name: names.trigger,
        function: orchestrator.function,
        cron: EACH_MINUTE,
        enabled: true,
      },
      // A sweep that refuses must find it at work, and one that goes on disables it: it goes with its namespace.
      { parent: this, dependsOn: [sweep], retainOnDelete: true },
    );
    this.registerOutputs();
  }
}

/** The function's own resource keeps all of them secret. */
type Parameters = { [Name in keyof OrchestratorParameters]: pulumi.Input<string> };

function parametersOf(args: OrchestratorArgs): Parameters {
  const { store, template, network, apiToken, poolSecret } = args;
  const settings = pulumi
    .all([store.buckets, template.userData, template.fingerprint, network])
    .apply(([buckets, userData, currentTemplate, vpc]) =>
      JSON.stringify(settingsOf(args.settings, { buckets, userData, currentTemplate, vpc })),
    );
  return {
    settings,
    apiToken,
    spacesKeyId: store.orchestratorKey.id,
    spacesSecretKey: store.orchestratorKey.secret,
    poolSecret,
  };
}

function settingsOf(
  { pool, scaling, scaleIn, digitalocean }: DigitalOceanSettings,
  { vpc, ...made }: Pick<OrchestratorSettings, 'buckets' | 'userData' | 'currentTemplate'> & { vpc: string },
): OrchestratorSettings {
  const { region, spacesRegion, bootTimeout, sshKeys, monitoring } = digitalocean;
  return {
    pool: pool.name,
    region,
    ...(spacesRegion === undefined ? {} : { spacesRegion }),
    min: pool.min,
    max: pool.max,
    ...(pool.initial === undefined ? {} : { initial: pool.initial }),
    maxDrains: scaleIn.maxDrains,
    coolDownMs: scaling.coolDown,
    warmUpMs: scaling.warmUp,
    lowForMs: scaling.lowFor ?? DEFAULT_LOW_FOR_MS,
    warnAfterMs: scaleIn.warnAfter,
    bootTimeoutMs: bootTimeout,
    ...(pool.imageHasSoftware ? { mayServeUnheard: true } : {}),
    ...(scaling.kind === 'cpu' ? { targetCpu: scaling.target / 100 } : {}),
    droplet: {
      size: pool.machineType ?? DEFAULT_MACHINE_TYPE,
      image: numberOrWord(pool.image ?? DEFAULT_IMAGE),
      vpc,
      ...(sshKeys.length === 0 ? {} : { sshKeys: sshKeys.map(numberOrWord) }),
      monitoring,
    },
    ...made,
  };
}
