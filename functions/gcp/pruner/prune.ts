import { abortAfter } from '../../../fleet/clock.ts';
import { createDecisionId } from '../../../fleet/decision-id.ts';
import type { PrunerSettings } from '../../../fleet/gcp-function-settings.ts';
import { type PoolAnswer, told } from '../../level-triggered/answer.ts';
import { planPool } from '../../level-triggered/plan.ts';
import type { PoolRules } from '../../level-triggered/world.ts';
import type { Log } from '../../log.ts';
import { logFindings } from '../../watch/finding.ts';
import { metricsOf } from '../../watch/measure.ts';
import { readWorld, type WorldTools } from './read-world.ts';
import { carryOut, type Done, type StepTools } from './steps.ts';

export type PruneAnswer = PoolAnswer<Done>;

export interface PrunerTools extends WorldTools, StepTools {
  registry: WorldTools['registry'] & StepTools['registry'];
  memory: WorldTools['memory'];
  settings: PrunerSettings;
  log: Log;
  /** From 0 to 1: tells decisions of one moment apart. */
  random: () => number;
  /** What was not seen to end by then is looked at by the next run. */
  stepBudgetMs: number;
  deletionBudgetMs: number;
}

/** What a run gives: at once what it did, and later how the deletions that it began have ended. */
export interface PruneRun {
  answer: PruneAnswer;
  ended: Promise<string[]>;
}

/** One run: reads the whole world, plans, carries out. Never rejects: what failed is in its answer. */
export async function prune(tools: PrunerTools): Promise<PruneRun> {
  const { clock, settings, log } = tools;
  const startedAt = clock.now();
  const { world, memoryVersion } = await readWorld(tools);
  const readMs = clock.now() - startedAt;
  const plan = planPool(world, rulesOf(settings), () => createDecisionId(world.now, tools.random));
  logFindings(log, settings.pool, plan.findings);
  const steps = abortAfter(clock, tools.stepBudgetMs);
  const deletions = abortAfter(clock, tools.deletionBudgetMs);
  const { done, ended } = await carryOut(plan, memoryVersion, tools, {
    signal: steps.signal,
    deletionSignal: deletions.signal,
  });
  steps.letGo();
  const answer = told(plan, done);
  log(answer.failures.length > 0 ? 'error' : 'info', 'pruner', {
    pool: settings.pool,
    ...Object.fromEntries(metricsOf(plan.counts).map(({ name, value }) => [name, value])),
    ...answer,
    findings: undefined,
    readMs,
    tookMs: clock.now() - startedAt,
  });
  const followed = ended.then((failures) => {
    deletions.letGo();
    if (failures.length > 0) log('error', 'pruner-deletion', { pool: settings.pool, failures });
    return failures;
  });
  return { answer, ended: followed };
}

/** What a run would do now. */
export async function planOnly(tools: PrunerTools): Promise<PruneAnswer> {
  const { world } = await readWorld(tools);
  const plan = planPool(world, rulesOf(tools.settings), () => createDecisionId(world.now, tools.random));
  const names = (steps: readonly { machine: { node: string } }[]) => steps.map(({ machine }) => machine.node);
  return told(plan, {
    decided: names(plan.decide),
    takenOut: names([...plan.takeOut, ...plan.decide.filter(({ machine }) => machine.place === 'in-group')]),
    marked: names(plan.mark),
    removed: names(plan.remove),
    overtaken: false,
    failures: [],
  });
}

function rulesOf(settings: PrunerSettings): PoolRules {
  return { ...settings, by: 'pruner' };
}
