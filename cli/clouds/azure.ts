import { createBlobClient, createBlobStore } from '../../fleet/azure/blob-store.ts';
import { createAzureClient } from '../../fleet/azure/client.ts';
import { blobEndpoint, managerEndpoint } from '../../fleet/azure/endpoints.ts';
import { operatorToken } from '../../fleet/azure/operator-token.ts';
import { createScaleSet, type ScaleSetInstance } from '../../fleet/azure/scale-set.ts';
import { accountSignature, sendSigned } from '../../fleet/azure/signed-blobs.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import type { PoolAddressOf } from '../../fleet/pool-address.ts';
import type { Place } from '../../fleet/pool-machine.ts';
import type { Environment } from '../environment.ts';
import type { Pool } from '../pool.ts';
import { namingAzureLacks } from '../rights/azure-lacks.ts';
import { REQUEST_TIMEOUT_MS } from '../timeouts.ts';

export function connectAzure(address: PoolAddressOf<'azure'>, environment: Environment): Pool {
  const client = namingAzureLacks(
    createAzureClient({
      base: managerEndpoint(environment),
      token: operatorToken(address, environment),
      timeoutMs: REQUEST_TIMEOUT_MS,
    }),
  );
  const blobs = createBlobClient({
    store: blobEndpoint(address.store, environment),
    token: accountSignature(client, address, Date.now),
    timeoutMs: REQUEST_TIMEOUT_MS,
    send: sendSigned,
  });
  const scaleSet = createScaleSet(client, address);
  const store = createBlobStore(blobs);
  const { max, maxDrains } = address.rules;
  // What is beyond that Azure's autoscale takes away again, whatever is on it.
  const most = max + maxDrains;
  const registry = createBucketRegistry({ store });
  /** Machines in whose place another comes already: to ask for one to leave may fail, and be done again. */
  const grownFor = new Set<string>();
  return {
    address,
    async machines(signal) {
      const found = await scaleSet.instances(signal);
      if (found === undefined)
        throw new Error(`there is no scale set ${address.group} in ${address.resourceGroup}`);
      return found.map((instance) => ({ ...instance, place: placeOf(instance), protected: false }));
    },
    registry,
    store,
    // Its node takes it up within seconds, and wakes the runbook once it is empty: nobody else needs to.
    async leave(machine, decision, replacement) {
      // One that drains is of the set until it is deleted, so that Azure misses nobody by then. First the one that comes:
      // whoever is interrupted in between has one too many, which leaves again, and never one too few.
      const isWanted = replacement === 'at-once' && !grownFor.has(machine.machine);
      const grown = isWanted && (await scaleSet.grow(most));
      if (grown) grownFor.add(machine.machine);
      await registry.writeDecision(decision);
      if (replacement !== 'at-once') return undefined;
      return grownFor.has(machine.machine)
        ? 'another comes in its place'
        : `no other comes in its place by now: the set has ${most} instances, which is the most it may have`;
    },
  };
}

/** An instance that leaves stays in its set until it is deleted. */
function placeOf({ deleting, stopped }: ScaleSetInstance): Place {
  if (deleting) return 'ending';
  return stopped ? 'stopped-unknown-since' : 'in-group';
}
