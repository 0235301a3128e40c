import * as v from 'valibot';
import type { AwsClient } from '../../fleet/aws/client.ts';
import { callQuery } from '../../fleet/aws/query.ts';

export interface Metric {
  name: string;
  value: number;
  unit: 'Count' | 'Seconds';
}

/** CloudWatch takes up to 1,000 in one request. */
const PER_REQUEST = 500;

/** Writes metrics of one moment into a namespace, without dimensions. Rejects when CloudWatch did not take them all. */
export async function putMetrics(
  client: AwsClient,
  namespace: string,
  metrics: readonly Metric[],
  at: number,
): Promise<void> {
  const timestamp = new Date(at).toISOString();
  for (let start = 0; start < metrics.length; start += PER_REQUEST) {
    await callQuery(
      client,
      'monitoring',
      'PutMetricData',
      {
        Namespace: namespace,
        MetricData: metrics.slice(start, start + PER_REQUEST).map(({ name, value, unit }) => ({
          MetricName: name,
          Timestamp: timestamp,
          Value: value,
          Unit: unit,
        })),
      },
      v.object({}),
    );
  }
}
