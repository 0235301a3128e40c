import type { Destination } from './network.ts';
import type { VirtualNode } from './node.ts';

/** Where an agent finds the page of its own media server. */
export const METRICS_URL = 'http://127.0.0.1:6789/metrics';

/** LiveKit's Prometheus page on one machine, as calls reach it. */
export function metricsPageOf(node: () => VirtualNode): Destination {
  return {
    way: 'metrics',
    answer(_request, fault) {
      const page = node().unit.life()?.metrics();
      if (page === undefined) return undefined;
      if (fault === 'garbage') return { status: 200, headers: {}, body: '<html>It works!</html>' };
      return fault === undefined
        ? { status: 200, headers: {}, body: page }
        : { status: 503, headers: {}, body: '' };
    },
  };
}
