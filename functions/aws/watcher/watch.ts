import type { AutoScalingGroup } from '../../../fleet/aws/auto-scaling-group.ts';
import type { WatcherSettings } from '../../../fleet/aws-function-settings.ts';
import { abortAfter, type Clock } from '../../../fleet/clock.ts';
import { describeError } from '../../../fleet/error.ts';
import type { Registry } from '../../../fleet/registry.ts';
import type { Log } from '../../log.ts';
import { LAST_WORDS_MS, logFindings } from '../../watch/finding.ts';
import { DIGEST_NAME, digestOf } from '../digest.ts';
import type { Metric } from '../metrics.ts';
import { MEMORY_NAME } from './memory.ts';
import { type GroupReading, planWatch, type WatcherPlan } from './plan.ts';

export interface WatcherTools {
  settings: WatcherSettings;
  group: Pick<AutoScalingGroup, 'readMachines' | 'terminate'>;
  registry: Registry;
  putMetrics: (metrics: readonly Metric[], at: number) => Promise<void>;
  log: Log;
  clock: Clock;
  readBudgetMs: number;
}

/**
 * One run: reads the whole world, plans, carries out. What fails does not keep the rest from being done, and makes the
 * run fail at its end: the failed runs of the function are an alarm.
 */
export async function watch(tools: WatcherTools): Promise<void> {
  const { clock } = tools;
  const startedAt = clock.now();
  const { registry, settings, log } = tools;
  const patience = abortAfter(clock, tools.readBudgetMs);
  const [group, fleet, memory] = await Promise.all([
    readGroup(tools.group),
    registry.readFleet(patience.signal, { lastWordsWithinMs: LAST_WORDS_MS }),
    registry.readMemory(MEMORY_NAME, patience.signal),
  ]);
  patience.letGo();
  const now = clock.now();
  const plan = planWatch({ group, fleet, memory, now }, settings.warnAfterMs);
  logFindings(log, settings.pool, plan.findings);

  const failures = plan.findings.filter(({ level }) => level === 'error').map(({ text }) => text);
  const digest = digestOf(fleet);
  const [metricsWritten, digestWritten, ended] = await Promise.allSettled([
    tools.putMetrics(plan.metrics, now),
    digest === undefined ? undefined : registry.writeMemory(DIGEST_NAME, digest),
    end(plan, tools),
  ]);
  for (const written of [metricsWritten, digestWritten])
    if (written.status === 'rejected') failures.push(describeError(written.reason));
  if (ended.status === 'rejected') failures.push(describeError(ended.reason));
  else failures.push(...ended.value);

  log(failures.length > 0 ? 'error' : 'info', 'watcher', {
    pool: settings.pool,
    ...Object.fromEntries(plan.metrics.map(({ name, value }) => [name, value])),
    terminations: plan.terminations.map(({ node }) => node),
    ...(failures.length > 0 ? { failures } : {}),
    tookMs: clock.now() - startedAt,
  });
  if (failures.length > 0)
    throw new Error(`the watcher could not do all of its work: ${failures.join('; ')}`);
}

async function readGroup(group: WatcherTools['group']): Promise<GroupReading> {
  try {
    return { kind: 'known', machines: await group.readMachines() };
  } catch (cause) {
    return { kind: 'unknown', reason: describeError(cause) };
  }
}

/** Ends machines, after that was written down. Gives what failed; rejects where it could not be written down. */
async function end(plan: WatcherPlan, { registry, group, log, settings }: WatcherTools): Promise<string[]> {
  if (plan.memory !== undefined) await registry.writeMemory(MEMORY_NAME, plan.memory);
  const outcomes = await Promise.allSettled(
    plan.terminations.map(async ({ node, reason }) => {
      await group.terminate(node);
      log('info', 'terminated', { pool: settings.pool, node, reason });
    }),
  );
  return outcomes.flatMap((outcome, index) =>
    outcome.status === 'rejected'
      ? [`ending ${plan.terminations[index]?.node ?? ''}: ${describeError(outcome.reason)}`]
      : [],
  );
}
