import type { Clock } from '../../../fleet/clock.ts';
import type { Instance } from '../../azure/compute/instance.ts';
import type { FaultyService } from '../../azure/faults.ts';
import { type DispatchOptions, dispatch } from '../../azure/front/dispatch.ts';
import { answerImds, type ImdsOptions } from '../../azure/imds/service.ts';
import type { Faults } from '../../cloud/faults.ts';
import type { Destination, Reply } from '../network.ts';
import type { OneFault } from '../one-fault.ts';

export type AzureFault = OneFault<FaultyService>;

/** Until then (ms since the epoch) a service is out of order, for everybody. */
export interface Outages {
  storeGoneUntil: number;
  storeSlowUntil: number;
  storeSlowMs: number;
  rateLimitedUntil: number;
  operationsFailUntil: number;
  wakeRefusedUntil: number;
}

export function noOutages(): Outages {
  return {
    storeGoneUntil: 0,
    storeSlowUntil: 0,
    storeSlowMs: 0,
    rateLimitedUntil: 0,
    operationsFailUntil: 0,
    wakeRefusedUntil: 0,
  };
}

export function faultOf(outages: Outages, now: () => number): Faults<FaultyService>['take'] {
  return ({ service }) => {
    switch (service) {
      case 'operations':
        return now() < outages.operationsFailUntil ? 'error' : undefined;
      case 'arm':
        return now() < outages.rateLimitedUntil ? 'throttle' : undefined;
      case 'blob':
        return now() < outages.storeGoneUntil ? 'error' : undefined;
      default:
        return undefined;
    }
  };
}

export interface ServicesOptions extends DispatchOptions {
  fault: AzureFault;
  outages: Outages;
  clock: Clock;
}

/** The resource manager, the blob store, the Logic App and the identities of jobs, as calls reach them. */
export function createServices(options: ServicesOptions): (url: URL) => Destination {
  const { fault, outages, clock } = options;

  const answer: Destination['answer'] = (request, wanted) =>
    fault.during(wanted, () => dispatch(request, options));

  const store: Destination = {
    way: 'store',
    answer(request, wanted) {
      if (clock.now() >= outages.storeSlowUntil) return answer(request, wanted);
      return new Promise<Reply | undefined>((resolve) => {
        clock.after(outages.storeSlowMs, () => resolve(answer(request, wanted)));
      });
    },
  };
  const workflow: Destination = {
    way: 'api',
    answer: (request, wanted) =>
      clock.now() < outages.wakeRefusedUntil
        ? { status: 401, headers: {}, body: 'DirectApiAuthorizationRequired' }
        : answer(request, wanted),
  };
  const identities: Destination = { way: 'metadata', answer };
  const manager: Destination = { way: 'api', answer };

  return ({ pathname }) => {
    if (pathname.startsWith('/blob/')) return store;
    if (pathname.startsWith('/workflows/')) return workflow;
    return pathname === '/job-identity' ? identities : manager;
  };
}

/** The metadata service of one machine. */
export function imdsDestination(instance: Instance, fault: AzureFault, options: ImdsOptions): Destination {
  return {
    way: 'metadata',
    answer: (request, wanted) => fault.during(wanted, () => answerImds(instance, request, options)),
  };
}
