import type { Faults } from '../../cloud/faults.ts';
import type { FaultyService } from '../../gcp/faults.ts';
import { answerRequest } from '../../gcp/front/answer.ts';
import type { Method } from '../../gcp/front/api.ts';
import { createMetadataService, type MetadataSource } from '../../gcp/metadata/service.ts';
import type { GcpModel } from '../../gcp/model.ts';
import type { Principals } from '../../gcp/principals.ts';
import type { WorldKit } from '../cloud.ts';
import type { Destination } from '../network.ts';
import type { OneFault } from '../one-fault.ts';

export type GcpFault = OneFault<FaultyService>;

/** Until then (ms since the epoch) a service is out of order, for everybody. */
export interface Outages {
  quotaUntil: number;
  rateLimitedUntil: number;
  storeGoneUntil: number;
}

export function noOutages(): Outages {
  return { quotaUntil: 0, rateLimitedUntil: 0, storeGoneUntil: 0 };
}

export function faultOf(outages: Outages, now: () => number): Faults<FaultyService>['take'] {
  return ({ service }) => {
    switch (service) {
      case 'operations':
        return now() < outages.quotaUntil ? 'error' : undefined;
      case 'compute':
        return now() < outages.rateLimitedUntil ? 'throttle' : undefined;
      case 'storage':
        return now() < outages.storeGoneUntil ? 'error' : undefined;
      default:
        return undefined;
    }
  };
}

export interface ServicesOptions {
  model: GcpModel;
  methods: readonly Method[];
  principals: Principals;
  fault: GcpFault;
  kit: Pick<WorldKit, 'clock' | 'tell'>;
}

/** Compute Engine and Cloud Storage, as calls reach them. */
export function createServices({
  model,
  methods,
  principals,
  fault,
  kit,
}: ServicesOptions): (url: URL) => Destination {
  const options = {
    model: () => model,
    methods,
    principals,
    faults: fault,
    refuse: ({ action, resource, why }: { action: string; resource: string; why: string }) =>
      kit.tell({ kind: 'refused', what: `${action} on ${resource}: ${why}` }),
    now: kit.clock.now,
  };
  const answer: Destination['answer'] = (request, wanted) =>
    fault.during(wanted, () => answerRequest(request, options));
  const store: Destination = { way: 'store', answer };
  const api: Destination = { way: 'api', answer };
  return ({ pathname }) => (pathname.startsWith('/compute/') ? api : store);
}

/** The metadata server of one machine, or of the function. It answers at once what it is asked, or when that has changed. */
export function metadataDestination(
  source: MetadataSource,
  fault: GcpFault,
  clock: WorldKit['clock'],
): Destination {
  const service = createMetadataService(source, fault, clock);
  return { way: 'metadata', answer: (request, wanted) => fault.during(wanted, () => service(request)) };
}
