import type { Fault, FaultPort, ToldFault } from '../../lab/cloud/faults.ts';

/** From now on that action of a twin fails, each time, until it is ended. */
export function outOfOrder<Service extends string>(
  faults: FaultPort<Service>,
  what: Pick<Fault<Service>, 'service' | 'action'>,
): ToldFault {
  return faults.add({ ...what, times: Number.MAX_SAFE_INTEGER, kind: 'error' });
}
