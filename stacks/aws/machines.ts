import type * as pulumi from '@pulumi/pulumi';
import type { DestroySweepArgs } from '../../providers/destroy-sweep.ts';
import type { Bundle } from '../bundle.ts';
import type { PoolOutputs } from '../pool.ts';
import type { Software } from '../software.ts';
import type { PoolBucket } from './bucket.ts';
import type { AwsNames } from './names.ts';
import type { SecretParameters } from './parameters.ts';
import type { Place } from './place.ts';
import type { AwsSettings } from './settings.ts';

export interface MachinesArgs {
  settings: AwsSettings;
  names: AwsNames;
  place: Place;
  bucket: PoolBucket;
  secrets: SecretParameters;
  software: Software;
  boot: Bundle;
}

/** What the pool's functions do for the group, and what must be there for as long as there are nodes. */
export interface ScaledBy {
  /** The function that picks who leaves; absent where AWS picks. */
  terminationPolicyArn: pulumi.Output<string> | undefined;
  /** Made before the group, destroyed after it. */
  lives: pulumi.Resource[];
}

/** The machines of a pool: of a group that is made for it, or of one that is there already. */
export interface Machines {
  /** By which a node tells what it was made from. */
  template: pulumi.Output<string>;
  /** The group's own role, the only one who may ask the termination policy. */
  serviceLinkedRoleArn: pulumi.Output<string>;
  /** The group, once it scales so. */
  scale(by: ScaledBy): { name: pulumi.Output<string>; resources: pulumi.Resource[] };
  /** What must be gone, or at peace, before anything of the pool goes. */
  sweep: Pick<DestroySweepArgs, 'code'>;
  outputs: Pick<PoolOutputs, 'network' | 'securityGroup' | 'nodeScript' | 'nodeUserData' | 'toAdd'>;
}
