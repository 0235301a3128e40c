import type * as pulumi from '@pulumi/pulumi';
import type { BalancerWays } from './balancers.ts';
import { PoolGrowth } from './growth.ts';
import type { Machines, MachinesArgs } from './machines.ts';
import { PoolNetwork } from './network.ts';
import { nodeModel } from './node-model.ts';
import type { PoolCapacity } from './preconditions.ts';
import { PoolScaleSet } from './scale-set.ts';

export interface OwnMachinesArgs {
  capacity: PoolCapacity;
  balancers: BalancerWays;
}

/** A scale set, and all that its machines are made from. */
export function ownMachines(
  name: string,
  args: MachinesArgs & OwnMachinesArgs,
  options: pulumi.CustomResourceOptions,
): Machines {
  const { settings, common, boot, software, capacity, balancers } = args;
  const model = nodeModel({ settings, names: common.names, boot, software });
  const node = args.identityOf('node', args.rights);
  const network = new PoolNetwork(`${name}-network`, { ...common, settings, balancers }, options);
  return {
    template: model.fingerprint,
    beforeRunbook: [],
    scale(lives) {
      const set = new PoolScaleSet(
        `${name}-set`,
        {
          ...common,
          settings,
          capacity,
          subnet: network.subnet,
          securityGroup: network.securityGroup,
          balancers,
          identity: node.id,
          model,
          lives: [network, node, ...lives],
        },
        options,
      );
      const growth = new PoolGrowth(
        `${name}-growth`,
        { ...common, settings, scaleSet: set.id, capacity: capacity.after([set]) },
        options,
      );
      return { id: set.id, name: set.name, resources: [node, network, set, growth] };
    },
    sweep: { code: 'azure/run-sweep.ts' },
    outputs: { network: network.id, securityGroup: network.securityGroup },
  };
}
