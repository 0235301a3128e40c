import type { PoolAddress } from '../../fleet/pool-address.ts';
import type { Environment } from '../environment.ts';
import type { Pool } from '../pool.ts';
import { tellingLacks } from '../rights/telling-lacks.ts';
import { connectAws } from './aws.ts';
import { connectAzure } from './azure.ts';
import { connectDigitalOcean } from './digitalocean.ts';
import { connectGcp } from './gcp.ts';

export function connect(address: PoolAddress, environment: Environment): Pool {
  const pool = connectTo(address, environment);
  return { ...pool, registry: tellingLacks(pool.registry) };
}

function connectTo(address: PoolAddress, environment: Environment): Pool {
  switch (address.cloud) {
    case 'aws':
      return connectAws(address, environment);
    case 'azure':
      return connectAzure(address, environment);
    case 'gcp':
      return connectGcp(address, environment);
    case 'digitalocean':
      return connectDigitalOcean(address, environment);
    default:
      return address satisfies never;
  }
}
