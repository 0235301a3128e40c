import type * as pulumi from '@pulumi/pulumi';
import type { DestroySweepArgs } from '../../providers/destroy-sweep.ts';
import type { Bundle } from '../bundle.ts';
import type { PoolOutputs } from '../pool.ts';
import type { Software } from '../software.ts';
import type { PoolIdentity, PoolRight } from './identity.ts';
import type { AzureNames } from './names.ts';
import type { PoolRoles } from './roles.ts';
import type { AzureSettings } from './settings.ts';
import type { PoolStore } from './store.ts';

/** What everything on Azure is made with. */
export interface Common {
  names: AzureNames;
  resourceGroup: pulumi.Input<string>;
  tags: Record<string, string>;
}

export interface MachinesArgs {
  settings: AzureSettings;
  common: Common;
  store: PoolStore;
  roles: PoolRoles;
  /** Makes somebody, and lets them do these things. */
  identityOf: (who: string, rights: PoolRight[]) => PoolIdentity;
  /** All that a node may do. */
  rights: PoolRight[];
  software: Software;
  boot: Bundle;
}

/** The machines of a pool: of a scale set that is made for it, or of one that is there already. */
export interface Machines {
  /** By which a node tells what it was made from. */
  template: string;
  /** Made before the runbook, and destroyed after it. */
  beforeRunbook: pulumi.Resource[];
  /** The set. `lives`: what must be there for as long as there are nodes: made before the set, destroyed after it. */
  scale(lives: pulumi.Resource[]): {
    id: pulumi.Output<string>;
    name: pulumi.Output<string>;
    resources: pulumi.Resource[];
  };
  /** What must be gone, or at peace, before anything of the pool goes. */
  sweep: Pick<DestroySweepArgs, 'code'>;
  outputs: Pick<PoolOutputs, 'network' | 'securityGroup' | 'nodeScript' | 'nodeUserData' | 'toAdd'>;
}
