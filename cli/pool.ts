import type { Decision } from '../fleet/decision.ts';
import type { ObjectStore } from '../fleet/object-store.ts';
import type { PoolAddress } from '../fleet/pool-address.ts';
import type { PoolMachine } from '../fleet/pool-machine.ts';
import type { Registry } from '../fleet/registry.ts';

/** A pool as its operator reaches it, by rights of his own. */
export interface Pool {
  address: PoolAddress;
  /** All of its machines, in their group or not. Rejects where they could not be read to the end. */
  machines(signal: AbortSignal): Promise<PoolMachine[]>;
  registry: Pick<Registry, 'readFleet' | 'readDecisions' | 'readDecision'>;
  /** Where its registry lies, and what functions and operators remember. */
  store: Pick<ObjectStore, 'list' | 'get' | 'put'>;
  /** Why what nodes say of themselves could not be checked, where it should be. */
  doubt?: string | undefined;
  /**
   * Has a machine leave by its cloud's own mechanism: the decision is written, and then its agent drains it. Rejects where
   * it may not have been. May give a word of what else comes of it.
   */
  leave(machine: PoolMachine, decision: Decision, replacement: Replacement): Promise<string | undefined>;
}

/**
 * Whether another comes in the place of one that leaves. `at-once`: whatever the load. `if-needed`: where the load needs
 * it, and where the pool would have fewer than its minimum. `never`: rather it does not leave.
 */
export type Replacement = 'at-once' | 'if-needed' | 'never';
