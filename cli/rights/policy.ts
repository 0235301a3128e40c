import type { PoolAddress } from '../../fleet/pool-address.ts';
import { awsPolicy } from './aws.ts';
import { azurePolicy } from './azure.ts';
import { digitalOceanPolicy } from './digitalocean.ts';
import { gcpPolicy } from './gcp.ts';
import type { Policy, Task } from './task.ts';

/** The narrowest rights by which an operator may do this with just this pool. */
export function policyOf(address: PoolAddress, task: Task): Policy {
  switch (address.cloud) {
    case 'aws':
      return awsPolicy(address, task);
    case 'azure':
      return azurePolicy(address, task);
    case 'gcp':
      return gcpPolicy(address, task);
    case 'digitalocean':
      return digitalOceanPolicy(address, task);
    default:
      return address satisfies never;
  }
}
