import type { TerminationPolicySettings } from '../../../fleet/aws-function-settings.ts';
import { abortAfter, type Clock } from '../../../fleet/clock.ts';
import { createDecisionId } from '../../../fleet/decision-id.ts';
import { describeError } from '../../../fleet/error.ts';
import type { Registry } from '../../../fleet/registry.ts';
import type { Log } from '../../log.ts';
import { countReasons } from '../../watch/refusal.ts';
import { DIGEST_NAME, type Digest, isWholeFleetRead, parseDigest } from '../digest.ts';
import { decide, type PolicyPlan, type PolicyWorld } from './decide.ts';
import { MEMORY_NAME } from './memory.ts';
import { questionOf } from './question.ts';
import { parseRequest, type TerminationAnswer, type TerminationRequest } from './request.ts';

export interface PolicyTools {
  settings: TerminationPolicySettings;
  registry: Registry;
  log: Log;
  clock: Clock;
  /** From 0 to 1: tells decisions of one moment apart. */
  random: () => number;
  /** What was not read by then is unknown. */
  readBudgetMs: number;
  /** What was not written by then does not happen. */
  writeBudgetMs: number;
}

/** Answers the group's question. Rejects only where it was no question. */
export async function answerGroup(event: unknown, tools: PolicyTools): Promise<TerminationAnswer> {
  const { now } = tools.clock;
  const startedAt = now();
  const request = parseRequest(event);
  const { registry, settings } = tools;
  const patience = abortAfter(tools.clock, tools.readBudgetMs);
  const [memory, digest] = await Promise.all([
    registry.readMemory(MEMORY_NAME, patience.signal),
    readDigest(request, tools),
  ]);
  const question = questionOf({ request, memory, digest, now: now() }, settings);
  const fleet = await registry.readFleet(patience.signal, question);
  patience.letGo();
  const world: PolicyWorld = { request, fleet, memory, now: now() };
  const plan = decide(world, settings, () => createDecisionId(world.now, tools.random));
  const { written, problems } = await write(plan, tools);
  report(world, plan, written, problems, tools, startedAt);
  return { InstanceIDs: written };
}

/** A part of the time to read: it only puts the statuses into an order, and without one they are read as they come. */
const DIGEST_PART = 0.4;

async function readDigest(
  { machines }: TerminationRequest,
  { registry, clock, readBudgetMs }: PolicyTools,
): Promise<Digest | undefined> {
  if (isWholeFleetRead(machines.length)) return undefined;
  const patience = abortAfter(clock, DIGEST_PART * readBudgetMs);
  const reading = await registry.readMemory(DIGEST_NAME, patience.signal);
  patience.letGo();
  return parseDigest(reading);
}

/**
 * Written state precedes the effect: a node whose decision was not written does not go, and none at all goes where the
 * policy could not write down that it decided. What was written of a node that then stays does no harm: it is the
 * group that ends a machine, and the next question finds the same node remembered.
 */
async function write(
  plan: PolicyPlan,
  { registry, writeBudgetMs, clock }: PolicyTools,
): Promise<{ written: string[]; problems: string[] }> {
  const patience = abortAfter(clock, writeBudgetMs);
  const { decisions, memory } = plan;
  const remembering =
    memory === undefined ? undefined : registry.writeMemory(MEMORY_NAME, memory, patience.signal);
  const [[remembered], outcomes] = await Promise.all([
    Promise.allSettled([remembering]),
    Promise.allSettled(decisions.map((decision) => registry.writeDecision(decision, patience.signal))),
  ]);
  patience.letGo();
  const problems = [remembered, ...outcomes].flatMap((outcome) =>
    outcome.status === 'rejected' ? [describeError(outcome.reason)] : [],
  );
  if (remembered.status === 'rejected') return { written: [], problems };
  const written = decisions
    .filter((_, index) => outcomes[index]?.status === 'fulfilled')
    .map(({ node }) => node);
  return { written, problems };
}

function report(
  { request, fleet, now }: PolicyWorld,
  plan: PolicyPlan,
  answered: string[],
  problems: string[],
  tools: PolicyTools,
  startedAt: number,
): void {
  const readings = request.machines.map(({ node }) => fleet.nodes.get(node)?.kind ?? 'missing');
  const read = readings.filter((kind) => kind === 'fresh').length;
  const asked = request.demands.reduce((sum, { count }) => sum + count, 0);
  const trouble = [
    ...(plan.held === undefined ? [] : [plan.held]),
    ...(fleet.problem ? [fleet.problem] : []),
    ...problems,
  ];
  tools.log(trouble.length > 0 ? 'error' : 'info', 'termination-policy', {
    pool: tools.settings.pool,
    group: request.group,
    cause: request.cause,
    asked,
    answered,
    // By these words an alarm looks for it.
    refused: asked > 0 && (plan.refused || (plan.drainsUnderWay === 0 && problems.length > 0)),
    decisions: plan.decisions.map(({ id }) => id),
    offered: request.machines.length,
    read,
    unknown: readings.length - read,
    drainsUnderWay: plan.drainsUnderWay,
    passedOver: countReasons(plan.passedOver),
    ...(trouble.length > 0 ? { problems: [...new Set(trouble)].slice(0, 5) } : {}),
    readMs: now - startedAt,
    tookMs: tools.clock.now() - startedAt,
  });
}
