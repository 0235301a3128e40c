import { SpacesBucketObject } from '@pulumi/digitalocean/spacesBucketObject.js';
import { SpacesKey } from '@pulumi/digitalocean/spacesKey.js';
import * as pulumi from '@pulumi/pulumi';
import { BORN_KEY, type HealthParameters, SILENT_AFTER_MS } from '../../fleet/digitalocean/pool-health.ts';
import { FunctionsAction } from '../../providers/digitalocean/functions/resources.ts';
import type { Bundle } from '../bundle.ts';
import type { DigitalOceanNames } from './names.ts';
import { type Orchestrator, type OrchestratorHome, RUNTIME } from './orchestrator.ts';
import type { PoolStore } from './store.ts';

const TIMEOUT_SECONDS = 10;
const MEMORY_MB = 128;

export interface PoolHealthArgs {
  names: DigitalOceanNames;
  bundle: Bundle;
  home: OrchestratorHome;
  orchestrator: Orchestrator;
  store: PoolStore;
  /** Of the store. */
  region: string;
}

/**
 * A page that answers how the pool is: 200, or 503 with the kinds of what a person must hear of. It is open, for checks
 * bring no secrets; it holds a key that may read one bucket, and tells of no node.
 */
export class PoolHealth extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: PoolHealthArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:digitalocean:PoolHealth', name, {}, options);
    const { names, bundle, home, orchestrator, store, region } = args;
    const parent = { parent: this };
    const bucket = store.buckets.memory;
    const key = new SpacesKey(
      `${name}-key`,
      { name: store.keyName('health'), grants: [{ bucket, permission: 'read' }] },
      parent,
    );
    // From it on a pool has its time to tell something.
    const born = new SpacesBucketObject(
      `${name}-born`,
      { bucket, region, key: BORN_KEY, acl: 'private', content: '{}' },
      { parent: this, provider: store.provider },
    );
    type Parameters = { [Name in keyof HealthParameters]: pulumi.Input<HealthParameters[Name]> };
    const parameters: Parameters = {
      region,
      bucket,
      silentAfterMs: String(SILENT_AFTER_MS),
      spacesKeyId: key.accessKey,
      spacesSecretKey: pulumi.secret(key.secretKey),
    };
    const action = new FunctionsAction(
      name,
      {
        namespace: home.namespace,
        package: orchestrator.package,
        name: names.health,
        runtime: RUNTIME,
        code: bundle.code,
        timeoutSeconds: TIMEOUT_SECONDS,
        memoryMb: MEMORY_MB,
        parameters,
        open: true,
      },
      { parent: this, dependsOn: [born, orchestrator] },
    );
    this.url = action.url;
    this.registerOutputs({ url: this.url });
  }
}
