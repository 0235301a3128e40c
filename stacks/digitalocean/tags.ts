import { Tag } from '@pulumi/digitalocean/tag.js';
import * as pulumi from '@pulumi/pulumi';
import type { DigitalOceanNames } from './names.ts';

/** What says of a droplet that it is the pool's. Firewall and load balancer are bound to it, and must not come before it. */
export class PoolTags extends pulumi.ComponentResource {
  readonly pool: pulumi.Output<string>;

  constructor(
    name: string,
    { names }: { names: DigitalOceanNames },
    options: pulumi.ComponentResourceOptions,
  ) {
    super('ebbtide:digitalocean:PoolTags', name, {}, options);
    const parent = { parent: this };
    const owner = new Tag(`${name}-owner`, { name: names.ownerTag }, parent);
    // A tag that is there already is no error: whoever makes it must know before that it is not another stack's, since a
    // destroy takes it off all that has it.
    this.pool = new Tag(`${name}-pool`, { name: names.tag }, { ...parent, dependsOn: [owner] }).name;
    // The orchestrator would make it when it is first needed. Made here, it goes with the pool.
    new Tag(`${name}-draining`, { name: names.drainingTag }, parent);
    this.registerOutputs({ pool: this.pool });
  }
}
