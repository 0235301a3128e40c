import { ApiError } from '../../cloud/api-error.ts';
import type { Metrics } from '../metrics.ts';
import { CLOUD_WATCH_REQUESTS } from '../requests.ts';
import { operation, type Service } from './api.ts';
import { queryAnswer, queryError, readQuery } from './query.ts';

const NAMESPACE = 'http://monitoring.amazonaws.com/doc/2010-08-01/';

/** CloudWatch as far as the program uses it. Data is taken as of now by the cloud's own clock. */
export function createCloudWatch(metrics: Metrics): Service {
  return {
    name: 'monitoring',
    policyPrefix: 'cloudwatch',
    operations: {
      PutMetricData: operation(CLOUD_WATCH_REQUESTS.PutMetricData, ({ Namespace, MetricData }, caller) => {
        caller.authorise('cloudwatch:PutMetricData', '*', { context: { 'cloudwatch:namespace': Namespace } });
        for (const { MetricName, Dimensions = [], Value } of MetricData) {
          const dimensions = Object.fromEntries(
            Dimensions.map((dimension) => [dimension.Name, dimension.Value]),
          );
          metrics.put(Namespace, MetricName, dimensions, Value);
        }
        return queryAnswer('PutMetricData', NAMESPACE, undefined);
      }),
    },
    read: (request) => readQuery(request, '2010-08-01'),
    renderError: (error) => queryError(error, NAMESPACE),
    throttled: new ApiError(400, 'Throttling', 'Rate exceeded'),
  };
}
