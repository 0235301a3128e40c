import { abortAfter } from '../../../fleet/clock.ts';
import { createDecisionId } from '../../../fleet/decision-id.ts';
import { type PoolAnswer, told } from '../../level-triggered/answer.ts';
import type { Log } from '../../log.ts';
import { logFindings } from '../../watch/finding.ts';
import { metricsOf } from '../../watch/measure.ts';
import { tellHealth } from './health.ts';
import type { HearTools } from './hear.ts';
import { createNodeName, type OrchestratorPlan, planDroplets } from './plan.ts';
import { readWorld, type WorldTools } from './read-world.ts';
import { carryOut, type Done, NOTHING_DONE, type StepTools } from './steps.ts';
import { endTurn, type TurnTools, takeTurn } from './turn.ts';
import type { OrchestratorWorld } from './world.ts';

export type OrchestratorAnswer = PoolAnswer<Done>;

export interface OrchestratorTools extends WorldTools, StepTools, TurnTools, HearTools {
  droplets: WorldTools['droplets'] & StepTools['droplets'];
  registry: WorldTools['registry'] & StepTools['registry'] & HearTools['registry'];
  store: TurnTools['store'] & StepTools['store'];
  settings: StepTools['settings'];
  log: Log;
  /** From 0 to 1. */
  random: () => number;
  turnBudgetMs: number;
  /** What was not done by then is left to the next run. */
  stepBudgetMs: number;
  endBudgetMs: number;
}

/** One run: takes its turn, reads the whole world, plans, carries out. Never rejects: what failed is in its answer. */
export async function orchestrate(tools: OrchestratorTools): Promise<OrchestratorAnswer> {
  const { clock, settings, log } = tools;
  const startedAt = clock.now();
  const run = createDecisionId(startedAt, tools.random);
  const turning = abortAfter(clock, tools.turnBudgetMs);
  const { turn, over } = await takeTurn(tools, run, turning.signal);
  turning.letGo();
  if (turn.kind === 'taken' && turn.crowded) {
    log('info', 'orchestrator-crowded', { pool: settings.pool, by: turn.by });
    await leave(tools, run, over);
    return standBack(turn.by);
  }
  const world = await readWorld(tools, turn);
  const readMs = clock.now() - startedAt;
  const plan = planOf(world, tools);
  logFindings(log, settings.pool, plan.findings);
  const stepping = abortAfter(clock, tools.stepBudgetMs);
  const until = startedAt + tools.turnBudgetMs + tools.readBudgetMs + tools.stepBudgetMs;
  const done = await carryOut(plan, tools, { signal: stepping.signal, until });
  stepping.letGo();
  await tellHealth(tools, world, plan.findings, done.failures);
  await leave(tools, run, over);
  const answer = told(plan, done);
  for (const { machine, reason } of plan.removeUnborn) answer.reasons[machine.node] = reason;
  log(answer.failures.length > 0 ? 'error' : 'info', 'orchestrator', {
    pool: settings.pool,
    ...Object.fromEntries(metricsOf(plan.counts).map(({ name, value }) => [name, value])),
    ...answer,
    findings: undefined,
    readMs,
    tookMs: clock.now() - startedAt,
  });
  return answer;
}

async function leave(tools: OrchestratorTools, run: string, over: readonly string[]): Promise<void> {
  const ending = abortAfter(tools.clock, tools.endBudgetMs);
  await endTurn(tools, run, over, ending.signal);
  ending.letGo();
}

/** Who is empty then is deleted by those who look already, or by the next run. */
function standBack(by: string): OrchestratorAnswer {
  return {
    ...NOTHING_DONE,
    held: `another run (${by}) is at it, and enough others look on`,
    drainsUnderWay: 0,
    reasons: {},
    passedOver: [],
    findings: [],
  };
}

/** What a run would do now, if it had its turn. */
export async function planOnly(tools: OrchestratorTools): Promise<OrchestratorAnswer> {
  const plan = planOf(await readWorld(tools, { kind: 'mine' }), tools);
  const names = (steps: readonly { machine: { node: string } }[]) => steps.map(({ machine }) => machine.node);
  return told(plan, {
    decided: names(plan.decide),
    takenOut: names([...plan.takeOut, ...plan.decide.filter(({ machine }) => machine.place !== 'outside')]),
    marked: names([...plan.mark, ...plan.decide]),
    removed: names([...plan.remove, ...plan.removeUnborn]),
    made: plan.births,
    failures: [],
  });
}

function planOf(world: OrchestratorWorld, { settings, random }: OrchestratorTools): OrchestratorPlan {
  return planDroplets(world, settings, {
    createId: () => createDecisionId(world.now, random),
    createName: () => createNodeName(settings.pool, random),
  });
}
