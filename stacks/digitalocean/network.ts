import { Vpc } from '@pulumi/digitalocean/vpc.js';
import * as pulumi from '@pulumi/pulumi';
import type { DigitalOceanNames } from './names.ts';
import type { DigitalOceanSettings } from './settings.ts';

export interface PoolNetworkArgs {
  names: DigitalOceanNames;
  settings: DigitalOceanSettings;
}

export const DEFAULT_RANGE = '10.87.0.0/16';

/** Where nodes live: an existing VPC, or one of the pool's own. */
export class PoolNetwork extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;

  constructor(name: string, { names, settings }: PoolNetworkArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:digitalocean:PoolNetwork', name, {}, options);
    const { id, cidr = DEFAULT_RANGE } = settings.network;
    this.id =
      id === undefined
        ? new Vpc(
            name,
            {
              name: names.vpc,
              region: settings.digitalocean.region,
              ipRange: cidr,
              description: names.vpcDescription,
            },
            // Of a load balancer or a droplet that was just deleted it is told for minutes that they are in it.
            { parent: this, customTimeouts: { delete: '10m' } },
          ).id
        : pulumi.output(id);
    this.registerOutputs({ id: this.id });
  }
}
