import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { createRealClock } from '../../fleet/clock.ts';
import { createGcpClient } from '../../fleet/gcp/client.ts';
import { createCompute } from '../../fleet/gcp/compute.ts';
import { operatorToken } from '../../fleet/gcp/operator-token.ts';
import { readPool } from '../../fleet/gcp/pool-machines.ts';
import { createStorageStore } from '../../fleet/gcp/storage-store.ts';
import type { PoolAddressOf } from '../../fleet/pool-address.ts';
import type { Environment } from '../environment.ts';
import type { Pool } from '../pool.ts';
import { namingGcpLacks } from '../rights/gcp-lacks.ts';
import { REQUEST_TIMEOUT_MS } from '../timeouts.ts';
import { COMES_WHERE_NEEDED } from './replacement.ts';

const NONE_COMES =
  'no other comes, for scaling.kind is none: make the group larger by one where one is to come';

export function connectGcp(address: PoolAddressOf<'gcp'>, environment: Environment): Pool {
  const token = operatorToken(environment);
  const client = namingGcpLacks(createGcpClient({ token, environment, timeoutMs: REQUEST_TIMEOUT_MS }));
  const compute = createCompute({ client, clock: createRealClock(), ...address });
  const store = createStorageStore({ client, bucket: address.bucket });
  const registry = createBucketRegistry({ store });
  return {
    address,
    async machines(signal) {
      const { group, machines } = await readPool(compute, signal);
      // Of a group that is gone there may still be machines, which end.
      if (group === undefined && machines.length === 0)
        throw new Error(`there is no instance group ${address.group} in ${address.region}`);
      return machines;
    },
    registry,
    store,
    // The pruner takes it out of its group within a minute, and the autoscaler then sees to what is missing.
    async leave(_machine, decision, replacement) {
      await registry.writeDecision(decision);
      if (replacement !== 'at-once') return undefined;
      return address.scales === false ? NONE_COMES : COMES_WHERE_NEEDED;
    },
  };
}
