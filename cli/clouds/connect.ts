import type { OperatorSecrets } from '../../fleet/digitalocean/operator-secrets.ts';
import type { PoolAddress } from '../../fleet/pool-address.ts';
import type { Environment } from '../environment.ts';
import type { Pool } from '../pool.ts';
import { tellingLacks } from '../rights/telling-lacks.ts';
import { connectAws } from './aws.ts';
import { connectAzure } from './azure.ts';
import { connectDigitalOcean } from './digitalocean.ts';
import { connectGcp } from './gcp.ts';

/** `readSecrets`: of the stack, where its cloud needs them. */
export async function connect(
  address: PoolAddress,
  environment: Environment,
  readSecrets: () => Promise<OperatorSecrets>,
): Promise<Pool> {
  const pool = await connectTo(address, environment, readSecrets);
  return { ...pool, registry: tellingLacks(pool.registry) };
}

function connectTo(
  address: PoolAddress,
  environment: Environment,
  readSecrets: () => Promise<OperatorSecrets>,
): Pool | Promise<Pool> {
  switch (address.cloud) {
    case 'aws':
      return connectAws(address, environment);
    case 'azure':
      return connectAzure(address, environment);
    case 'gcp':
      return connectGcp(address, environment);
    case 'digitalocean':
      return connectDigitalOcean(address, environment, readSecrets);
    default:
      return address satisfies never;
  }
}
