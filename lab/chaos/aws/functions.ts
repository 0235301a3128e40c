import { createAutoScalingGroup } from '../../../fleet/aws/auto-scaling-group.ts';
import { createAwsClient } from '../../../fleet/aws/client.ts';
import { createS3Store } from '../../../fleet/aws/s3-store.ts';
import { createBucketRegistry } from '../../../fleet/bucket-registry.ts';
import type { Clock } from '../../../fleet/clock.ts';
import { describeError } from '../../../fleet/error.ts';
import type { SendHttp } from '../../../fleet/http.ts';
import { putMetrics } from '../../../functions/aws/metrics.ts';
import { answerGroup } from '../../../functions/aws/termination-policy/answer.ts';
import { watch } from '../../../functions/aws/watcher/watch.ts';
import type { RoleKeys } from '../../aws/imds.ts';
import type { Happening } from '../happening.ts';
import { BUCKET, GROUP, REGION } from './model.ts';
import type { AwsPlan } from './plan.ts';
import { AWS_ENDPOINT } from './services.ts';

export const METRICS = 'Ebbtide/chaos';
/** As in the handlers of both. */
const POLICY_READ_MS = 1_000;
const POLICY_WRITE_MS = 450;
const WATCHER_REQUEST_MS = 8_000;
const WATCHER_READ_MS = 20_000;
/** The group listens for no longer. */
const POLICY_ANSWERS_WITHIN_MS = 2_000;
const WATCH_EVERY_MS = 60_000;

/** The functions beside the group: their real use cases, without their bundles. */
export interface PoolFunctions {
  askPolicy(event: unknown): Promise<unknown>;
  /** From now on until then: ms since the epoch. */
  policy: { slowUntil: number; slowMs: number; failsUntil: number };
  watcherSilentUntil: number;
  /** The last run of the watcher failed, or there has been none for long. */
  isWatcherInTrouble(): boolean;
}

export interface PoolFunctionsOptions {
  plan: AwsPlan;
  clock: Clock;
  random: () => number;
  send: SendHttp;
  keys: RoleKeys;
  tell(happening: Happening): void;
}

export function createPoolFunctions(options: PoolFunctionsOptions): PoolFunctions {
  const { plan, clock, keys, send, tell } = options;
  const log = () => undefined;
  const clientWith = (timeoutMs: number) =>
    createAwsClient({
      region: REGION,
      credentials: async () => keys,
      environment: { AWS_ENDPOINT_URL: AWS_ENDPOINT },
      timeoutMs,
      send,
      now: clock.now,
    });
  const policyClient = clientWith(POLICY_READ_MS);
  const watcherClient = clientWith(WATCHER_REQUEST_MS);
  const registryOf = (client: typeof policyClient) =>
    createBucketRegistry({ store: createS3Store({ client, bucket: BUCKET }) });
  let lastGoodWatch = clock.now();

  async function answer(event: unknown): Promise<unknown> {
    const { policy } = functions;
    if (clock.now() < policy.failsUntil) throw new Error('the function was told to fail');
    if (clock.now() < policy.slowUntil)
      await new Promise<void>((resolve) => clock.after(policy.slowMs, resolve));
    return answerGroup(event, {
      settings: {
        pool: 'chaos',
        bucket: BUCKET,
        maxDrains: plan.maxDrains,
        coolDownMs: plan.coolDownMs,
        warmUpMs: 30_000,
      },
      registry: registryOf(policyClient),
      log,
      clock,
      random: options.random,
      readBudgetMs: POLICY_READ_MS,
      writeBudgetMs: POLICY_WRITE_MS,
    });
  }

  function askPolicy(event: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const hangUp = clock.after(POLICY_ANSWERS_WITHIN_MS, () => {
        tell({ kind: 'function', name: 'termination-policy', outcome: 'no answer in time' });
        reject(new Error('no answer in time'));
      });
      answer(event).then(
        (answered) => {
          hangUp();
          tell({ kind: 'function', name: 'termination-policy', outcome: JSON.stringify(answered) });
          resolve(answered);
        },
        (cause) => {
          hangUp();
          tell({ kind: 'function', name: 'termination-policy', outcome: describeError(cause) });
          reject(cause);
        },
      );
    });
  }

  async function watchOnce(): Promise<void> {
    try {
      await watch({
        settings: {
          pool: 'chaos',
          bucket: BUCKET,
          group: GROUP,
          metricNamespace: METRICS,
          warnAfterMs: plan.warnAfterMs,
        },
        group: createAutoScalingGroup(watcherClient, GROUP),
        registry: registryOf(watcherClient),
        putMetrics: (metrics, at) => putMetrics(watcherClient, METRICS, metrics, at),
        log,
        clock,
        readBudgetMs: WATCHER_READ_MS,
      });
      lastGoodWatch = clock.now();
    } catch (cause) {
      tell({ kind: 'function', name: 'watcher', outcome: describeError(cause) });
    }
  }

  function watchAgain(): void {
    clock.after(WATCH_EVERY_MS, () => {
      if (clock.now() >= functions.watcherSilentUntil) void watchOnce();
      watchAgain();
    });
  }

  const functions: PoolFunctions = {
    askPolicy,
    policy: { slowUntil: 0, slowMs: 0, failsUntil: 0 },
    watcherSilentUntil: 0,
    isWatcherInTrouble: () => clock.now() - lastGoodWatch > 3 * WATCH_EVERY_MS,
  };
  watchAgain();
  return functions;
}
