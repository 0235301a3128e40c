import type { Fault, FaultPort } from '../../lab/cloud/faults.ts';

/** From now on that action of a twin fails, each time, until what this answers is called: that ends every fault of the twin. */
export function outOfOrder<Service extends string>(
  faults: FaultPort<Service>,
  what: Pick<Fault<Service>, 'service' | 'action'>,
): () => void {
  faults.add({ ...what, times: Number.MAX_SAFE_INTEGER, kind: 'error' });
  return () => faults.clear();
}
