import type * as pulumi from '@pulumi/pulumi';
import type { DestroySweepArgs } from '../../providers/destroy-sweep.ts';
import type { Bundle } from '../bundle.ts';
import type { PoolOutputs } from '../pool.ts';
import type { Software } from '../software.ts';
import type { GcpNames } from './names.ts';
import type { GcpSettings } from './settings.ts';
import type { StoreRoles } from './store-roles.ts';

export interface MachinesArgs {
  settings: GcpSettings;
  names: GcpNames;
  bucket: pulumi.Output<string>;
  store: StoreRoles;
  software: Software;
  boot: Bundle;
}

/** What the pool's function does for the group, and what must be there for as long as there are nodes. */
export interface PrunedBy {
  /** Where a node wakes the pruner. */
  prunerUrl: pulumi.Output<string>;
  /** Made before the group, destroyed after it. */
  lives: pulumi.Resource[];
}

/** The machines of a pool: of a group that is made for it, or of one that is there already. */
export interface Machines {
  /** By which a node tells what it was made from. */
  template: pulumi.Output<string>;
  /** Who the nodes are. */
  member: pulumi.Output<string>;
  /** The group, once it is pruned. */
  scale(by: PrunedBy): { name: pulumi.Output<string>; resources: pulumi.Resource[] };
  /** What must be gone, or at peace, before anything of the pool goes. */
  sweep: Pick<DestroySweepArgs, 'code'>;
  outputs: Pick<PoolOutputs, 'network' | 'securityGroup' | 'nodeScript' | 'nodeUserData' | 'toAdd'>;
}
