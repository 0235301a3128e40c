import { Function as CloudFunction } from '@pulumi/gcp/cloudfunctionsv2/function.js';
import { ServiceIamMember } from '@pulumi/gcp/cloudrunv2/serviceIamMember.js';
import { BucketObject } from '@pulumi/gcp/storage/bucketObject.js';
import * as pulumi from '@pulumi/pulumi';
import type { PrunerSettings } from '../../fleet/gcp-function-settings.ts';
import type { Bundle } from '../bundle.ts';
import { FunctionBuild } from './function-build.ts';
import type { GcpNames } from './names.ts';
import { PrunerIdentity } from './pruner-identity.ts';
import type { GcpSettings } from './settings.ts';
import type { StoreRoles } from './store-roles.ts';

export interface PrunerArgs {
  settings: GcpSettings;
  names: GcpNames;
  bundle: Bundle;
  bucket: pulumi.Output<string>;
  store: StoreRoles;
  /** Of the pool's roles. */
  birth: pulumi.Output<string>;
  /** What new nodes are made of. */
  template: pulumi.Output<string>;
  /** Who may wake it, beside its own schedule: the nodes. */
  nodes: pulumi.Input<string>;
}

/** GCP's recommendation is the peak of ten minutes already: this only keeps a single dip from counting. */
export const DEFAULT_LOW_FOR_MS = 2 * 60_000;
/** Longer than the longest request: one that waits for a run, and for its own to see machines deleted. */
export const PRUNER_TIMEOUT_SECONDS = 210;

/** The function that decides who leaves, and ends those that are empty; and what wakes it. */
export class Pruner extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>;
  readonly functionName: pulumi.Output<string>;

  constructor(name: string, args: PrunerArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:gcp:Pruner', name, {}, options);
    const { settings, names, store, birth } = args;
    const { project, region } = settings.gcpProvider;
    const pool = settings.pool.name;
    const parent = { parent: this };
    const identity = new PrunerIdentity(`${name}-identity`, { names, pool, project, store, birth }, parent);
    const build = new FunctionBuild(`${name}-build`, { names, pool, project, region }, parent);
    const source = new BucketObject(
      `${name}-source`,
      {
        bucket: args.bucket,
        name: `functions/pruner-${args.bundle.sha256.slice(0, 16)}.zip`,
        source: new pulumi.asset.AssetArchive({
          'index.js': new pulumi.asset.StringAsset(args.bundle.code),
          'package.json': new pulumi.asset.StringAsset('{"name":"pruner","main":"index.js"}\n'),
        }),
      },
      parent,
    );
    const told = pulumi
      .all([args.bucket, args.template])
      .apply(([bucket, currentTemplate]) => prunerSettings(settings, names, bucket, currentTemplate));
    const pruner = new CloudFunction(
      name,
      {
        name: names.pruner,
        location: region,
        description: `Takes machines out of the group ${names.group}`,
        buildConfig: {
          runtime: 'nodejs22',
          entryPoint: 'prune',
          serviceAccount: build.account,
          dockerRepository: build.repository,
          source: {
            storageSource: { bucket: args.bucket, object: source.name, generation: source.generation },
          },
        },
        serviceConfig: {
          serviceAccountEmail: identity.email,
          environmentVariables: { EBBTIDE_SETTINGS: pulumi.jsonStringify(told) },
          // One alone decides; who asks while it runs is answered by its next run.
          maxInstanceCount: 1,
          maxInstanceRequestConcurrency: 80,
          availableCpu: '1',
          availableMemory: '256Mi',
          timeoutSeconds: PRUNER_TIMEOUT_SECONDS,
          // Nodes ask from the internet too. Whoever has no token of an account that may is refused by Google.
          ingressSettings: 'ALLOW_ALL',
        },
      },
      parent,
    );
    this.url = pruner.serviceConfig.apply((service) => addressOf(service?.uri));
    new ServiceIamMember(
      `${name}-woken-by-nodes`,
      { name: pruner.name, location: region, role: 'roles/run.invoker', member: args.nodes },
      parent,
    );
    this.functionName = pruner.name;
    this.registerOutputs({ url: this.url, functionName: this.functionName });
  }
}

function prunerSettings(
  { pool, scaling, scaleIn, gcpProvider }: GcpSettings,
  names: GcpNames,
  bucket: string,
  currentTemplate: string,
): PrunerSettings {
  return {
    pool: pool.name,
    project: gcpProvider.project,
    region: gcpProvider.region,
    group: names.group,
    autoscaler: names.autoscaler,
    bucket,
    minServing: Math.max(pool.min, 1),
    maxDrains: scaleIn.maxDrains,
    coolDownMs: scaling.coolDown,
    warmUpMs: scaling.warmUp,
    lowForMs: scaling.lowFor ?? DEFAULT_LOW_FOR_MS,
    warnAfterMs: scaleIn.warnAfter,
    currentTemplate,
  };
}

function addressOf(uri: string | undefined): string {
  if (uri === undefined) throw new Error('Google told no address of the function');
  return uri;
}
