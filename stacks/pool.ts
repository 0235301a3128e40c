import type * as pulumi from '@pulumi/pulumi';
import type { OperatorSecrets } from '../fleet/digitalocean/operator-secrets.ts';
import type { PoolAddress } from '../fleet/pool-address.ts';
import type { Bundler } from './bundle.ts';
import type { CommonSettings } from './settings-schema.ts';

/** What a pool of any cloud is made from. */
export interface PoolArgs<Settings extends CommonSettings> {
  settings: Settings;
  bundler: Bundler;
}

/** What a pool of any cloud tells: the stack's outputs. */
export interface PoolOutputs {
  cloud: pulumi.Output<string>;
  pool: pulumi.Output<string>;
  /** The cloud's own group that scales. */
  group: pulumi.Output<string>;
  /** Where nodes say how they are. */
  registry: pulumi.Output<string>;
  /** The network that the nodes live in; the operator's own group has its own. */
  network?: pulumi.Output<string>;
  /** By which a firewall rule of the operator's own means the nodes. */
  securityGroup?: pulumi.Output<string>;
  /** What makes nodes of the machines of an operator's own group: all of it, as one script. */
  nodeScript?: pulumi.Output<string>;
  /** The same for user-data, which fetches that script. */
  nodeUserData?: pulumi.Output<string>;
  /** What a person has to do with them. */
  toAdd?: pulumi.Output<string[]>;
  /** What outdated nodes differ from. */
  template: pulumi.Output<string>;
  /** Where the pool's metrics are. */
  metrics: pulumi.Output<string>;
  /** By which an operator's own tools find the pool. */
  address: pulumi.Output<PoolAddress>;
  /** Secret: what they need besides, where nobody has rights of his own. */
  operatorSecrets?: pulumi.Output<OperatorSecrets>;
}
