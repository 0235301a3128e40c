import type { Standing } from '../../cloud/events.ts';
import { uuid } from '../../cloud/identifiers.ts';
import type { KeptInstance } from '../../cloud/machines.ts';
import type { ScaleSet } from '../model.ts';

export type ProvisioningState = 'Creating' | 'Updating' | 'Succeeded' | 'Deleting' | 'Failed';
export type PowerState = 'starting' | 'running' | 'stopped' | 'deallocated';

export interface Protection {
  protectFromScaleIn?: boolean | undefined;
  protectFromScaleSetActions?: boolean | undefined;
}

/** One instance of a scale set. Its number never comes again in the set; its `vmId` never anywhere. */
export interface Instance extends KeptInstance {
  /** Its number in the set. */
  readonly id: string;
  /** `SET_NUMBER` */
  readonly name: string;
  readonly vmId: string;
  readonly zone: string;
  /** The set, as it was when this one was made of it. */
  readonly set: ScaleSet;
  /** Real time, ms since the epoch. */
  readonly createdAt: number;
  tags: Readonly<Record<string, string>>;
  /** Undefined until somebody sets one: it cannot be a default of the set. */
  protection: Protection | undefined;
  provisioning: ProvisioningState;
  power: PowerState;
  /** Counts its changes. */
  version: number;
}

export type InstanceSpec = Pick<Instance, 'id' | 'zone' | 'set' | 'createdAt' | 'launchedAt'> & {
  /** How many machines had that number before it: 0 unless told. */
  earlier?: number;
};

export function createInstance({ earlier = 0, ...spec }: InstanceSpec, seed: string): Instance {
  const again = earlier === 0 ? '' : `#${earlier}`;
  return {
    ...spec,
    name: `${spec.set.name}_${spec.id}`,
    vmId: uuid(`${seed} ${spec.set.id} ${spec.id}${again}`),
    tags: { ...spec.set.tags },
    protection: undefined,
    provisioning: 'Creating',
    power: 'starting',
    version: 1,
    booted: false,
    decided: false,
    isGone: false,
  };
}

/** Where it stands, as every cloud would say it. A set has no machine outside of itself. */
export function standingOf({ stoppedAt, provisioning, decided, booted }: Instance): Standing {
  if (stoppedAt !== undefined) return 'gone';
  if (provisioning === 'Deleting') return 'leaving';
  if (decided) return 'draining';
  return booted ? 'serving' : 'booting';
}

export function isShielded({ protection }: Instance): boolean {
  return protection?.protectFromScaleIn === true;
}
