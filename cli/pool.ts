import type { PoolAddress } from '../fleet/pool-address.ts';
import type { PoolMachine } from '../fleet/pool-machine.ts';
import type { Registry } from '../fleet/registry.ts';

/** A pool as its operator reaches it, by rights of his own. */
export interface Pool {
  address: PoolAddress;
  /** All of its machines, in their group or not. Rejects where they could not be read to the end. */
  machines(signal: AbortSignal): Promise<PoolMachine[]>;
  registry: Pick<Registry, 'readFleet' | 'readDecisions'>;
}
