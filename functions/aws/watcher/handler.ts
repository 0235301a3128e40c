import { createAutoScalingGroup } from '../../../fleet/aws/auto-scaling-group.ts';
import { createS3Store } from '../../../fleet/aws/s3-store.ts';
import { watcherSettingsSchema } from '../../../fleet/aws-function-settings.ts';
import { createBucketRegistry } from '../../../fleet/bucket-registry.ts';
import { createRealClock } from '../../../fleet/clock.ts';
import { createLog } from '../../log.ts';
import { readSettings } from '../../settings.ts';
import { connectToAws } from '../connect.ts';
import { putMetrics } from '../metrics.ts';
import { type WatcherTools, watch } from './watch.ts';

/** Each request; the reading of the whole registry has a budget of its own, well below the function's 50 s. */
const REQUEST_TIMEOUT_MS = 8_000;
const READ_BUDGET_MS = 20_000;

const tools = compose(process.env);

/** The composition root: what the schedule calls each minute. */
export function handler(): Promise<void> {
  return watch(tools);
}

function compose(environment: Readonly<Record<string, string | undefined>>): WatcherTools {
  const settings = readSettings(environment, watcherSettingsSchema);
  const client = connectToAws(environment, REQUEST_TIMEOUT_MS);
  return {
    settings,
    group: createAutoScalingGroup(client, settings.group),
    registry: createBucketRegistry({ store: createS3Store({ client, bucket: settings.bucket }) }),
    putMetrics: (metrics, at) => putMetrics(client, settings.metricNamespace, metrics, at),
    log: createLog((line) => process.stdout.write(line), Date.now),
    clock: createRealClock(),
    readBudgetMs: READ_BUDGET_MS,
  };
}
