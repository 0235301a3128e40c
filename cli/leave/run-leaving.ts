import type { Decision } from '../../fleet/decision.ts';
import { createDecisionId } from '../../fleet/decision-id.ts';
import { describeError } from '../../fleet/error.ts';
import { describeReading } from '../../fleet/node-reading.ts';
import type { Pool, Replacement } from '../pool.ts';
import { type PoolWorld, type Seen, seeAll } from '../view/seen.ts';
import { type LeavingEvent, Refused } from './leaving-event.ts';
import { type LeavingPlan, planLeaving, type Wish } from './plan-leaving.ts';

export interface LeavingOptions {
  wish: Wish;
  replacement: Replacement;
  /** Until the last of them is gone; else only as many are asked as may drain now. */
  wait: boolean;
  /** What the decision says of who wished it, and why. */
  by: string;
  reason: string | undefined;
}

export interface LeavingTools {
  pool: Pick<Pool, 'address' | 'leave'>;
  look: () => Promise<PoolWorld>;
  tell: (event: LeavingEvent) => void;
  now: () => number;
  /** Resolves early when a person has seen enough. */
  sleep: (ms: number) => Promise<void>;
  /** Aborts when a person has seen enough: nobody more is asked. */
  signal: AbortSignal;
  /** Before each round, and before anybody is asked. Rejects where this must not go on. */
  keep?: (() => Promise<void>) | undefined;
  random: () => number;
}

const LOOK_EVERY_MS = 3_000;
/** One look that fails says little; so many in a row need a person. */
const FAILURES_IN_A_ROW = 5;

/** `leaving`: so many are on their way out; `more` are to be asked when they are gone. */
export type Leaving = Omit<Extract<LeavingEvent, { event: 'end' }>, 'event'> & {
  /** Of a roll: nothing is known of the software of so many. */
  unjudged: number;
};

/** Asks whoever is to leave, within the pool's bounds, and waits for it. Rejects where it could not go on. */
export async function runLeaving(options: LeavingOptions, tools: LeavingTools): Promise<Leaving> {
  const { wish, wait } = options;
  const { pool, look, tell, sleep, signal } = tools;
  const asked = new Map<string, Seen>();
  const told = new Map<string, string>();
  let among: ReadonlySet<string> | undefined;
  let failures = 0;
  let last = { leaving: 0, more: 0, unjudged: 0 };
  for (let round = 0; ; round += 1) {
    await tools.keep?.();
    const world = await look();
    if (signal.aborted) return { outcome: 'interrupted', ...last };
    const plan = planLeaving(wish, pool.address, world, among);
    if (round === 0) {
      refuseAtOnce(wish, plan);
      among = new Set(seeAll(world).map(({ machine }) => machine.machine));
      for (const { machine } of plan.protected)
        tell({ event: 'kept', node: machine.node, machine: machine.machine });
    }
    if (plan.held !== undefined) {
      failures += 1;
      tell({ event: 'failed', reason: plan.held });
    } else {
      const failed = await askAll(plan, asked, options, tools);
      failures = failed ? failures + 1 : 0;
      tellGone(asked, plan, tell);
      tellProgress(plan.leaving, told, tools);
      tellWaiting(plan, told, tell);
      last = {
        leaving: asked.size,
        more: plan.waiting.more,
        unjudged: plan.unjudged.length,
      };
      if (!wait && failed) return { outcome: 'failed', ...last };
      if ((plan.isDone || !wait) && !failed) return endOf(plan, last, tell);
    }
    if (failures >= FAILURES_IN_A_ROW)
      throw new Error(`it did not go ${failures} times in a row: run it again, and it goes on where it is`);
    await sleep(LOOK_EVERY_MS);
    if (signal.aborted) return { outcome: 'interrupted', ...last };
  }
}

function endOf(
  { isDone, unjudged }: LeavingPlan,
  last: Omit<Leaving, 'outcome'>,
  tell: LeavingTools['tell'],
): Leaving {
  if (unjudged.length > 0)
    tell({ event: 'unjudged', nodes: unjudged.slice(0, 20).map(({ machine }) => machine.node) });
  return { outcome: isDone ? 'gone' : 'begun', ...last };
}

/** What cannot become right by waiting. */
function refuseAtOnce(wish: Wish, { held, leaving, ask, protected: kept }: LeavingPlan): void {
  if (held !== undefined) throw new Error(held);
  if (wish.kind !== 'node') return;
  if (kept.length > 0)
    throw new Refused(
      'protected',
      `${wish.node} is protected by an operator: take its protection away first`,
    );
  if (leaving.length + ask.length === 0)
    throw new Refused('no-such-node', `there is no node ${wish.node} in the pool`);
}

/** Gives whether any could not be asked. */
async function askAll(
  plan: LeavingPlan,
  asked: Map<string, Seen>,
  { replacement, by, reason }: LeavingOptions,
  { pool, tell, now, random, signal, keep }: LeavingTools,
): Promise<boolean> {
  let failed = false;
  for (const { seen, reason: why, isMissed } of plan.ask) {
    // One is asked to the end, or not at all.
    if (signal.aborted) break;
    await keep?.();
    const { node, machine } = seen.machine;
    const decision: Decision = {
      v: 1,
      id: createDecisionId(now(), random),
      node,
      machine,
      pool: pool.address.pool,
      at: new Date(now()).toISOString(),
      by,
      cause: 'operator',
      intent: 'leave',
      reason: reason === undefined ? why : `${reason} (${why})`,
    };
    try {
      const remark = await pool.leave(
        seen.machine,
        decision,
        replacement === 'if-needed' && isMissed ? 'at-once' : replacement,
      );
      asked.set(machine, seen);
      tell({
        event: 'asked',
        node,
        machine,
        decision: decision.id,
        reason: why,
        ...(remark === undefined ? {} : { remark }),
      });
    } catch (cause) {
      failed = true;
      tell({ event: 'failed', node, reason: `${node} could not be asked to leave: ${describeError(cause)}` });
    }
  }
  for (const seen of plan.leaving) asked.set(seen.machine.machine, seen);
  return failed;
}

function tellGone(asked: Map<string, Seen>, { leaving, ask }: LeavingPlan, tell: LeavingTools['tell']): void {
  const here = new Set([...leaving, ...ask.map(({ seen }) => seen)].map(({ machine }) => machine.machine));
  for (const [machine, seen] of asked) {
    if (here.has(machine)) continue;
    asked.delete(machine);
    tell({ event: 'gone', node: seen.machine.node, machine });
  }
}

/** What is new of each. */
function tellProgress(
  leaving: readonly Seen[],
  told: Map<string, string>,
  { tell, now }: Pick<LeavingTools, 'tell' | 'now'>,
): void {
  for (const { machine, reading } of leaving) {
    const text = describeReading(reading);
    if (told.get(machine.machine) === text) continue;
    told.set(machine.machine, text);
    const place = { event: 'leaving', node: machine.node, machine: machine.machine } as const;
    if (reading.kind !== 'fresh') {
      tell({ ...place, unknown: text });
      continue;
    }
    const { phase, work, since, unknown = 'no reason given' } = reading.status;
    const known =
      work === null
        ? { unknown }
        : { rooms: work.rooms, people: work.people, jobs: work.egress + work.ingress + work.agents };
    tell({ ...place, phase, ...known, forMs: Math.max(0, now() - Date.parse(since)) });
  }
}

function tellWaiting(
  { waiting: { more, reason } }: LeavingPlan,
  told: Map<string, string>,
  tell: LeavingTools['tell'],
): void {
  const text = more === 0 ? '' : `${more} ${reason}`;
  if ((told.get('') ?? '') === text) return;
  told.set('', text);
  if (more > 0) tell({ event: 'waiting', more, reason });
}
