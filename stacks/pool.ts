import type * as pulumi from '@pulumi/pulumi';
import type { Bundler } from './bundle.ts';
import type { Settings } from './settings.ts';

/** What a pool of any cloud is made from. */
export interface PoolArgs {
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
  /** The network that the nodes live in, and what stands before them. */
  network: pulumi.Output<string>;
  securityGroup: pulumi.Output<string>;
  /** What outdated nodes differ from. */
  template: pulumi.Output<string>;
  /** Where the pool's metrics are. */
  metrics: pulumi.Output<string>;
}
