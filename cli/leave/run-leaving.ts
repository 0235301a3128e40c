import type { Decision } from '../../fleet/decision.ts';
import { createDecisionId } from '../../fleet/decision-id.ts';
import { describeDuration } from '../../fleet/duration.ts';
import { describeError } from '../../fleet/error.ts';
import { describeReading } from '../../fleet/node-reading.ts';
import type { Pool } from '../pool.ts';
import type { PoolWorld, Seen } from '../view/seen.ts';
import { type LeavingPlan, planLeaving, type Wish } from './plan-leaving.ts';

export interface LeavingOptions {
  wish: Wish;
  /** Whether the cloud puts another in the place of each at once, where it can be told to. */
  replace: boolean;
  /** Until the last of them is gone; else only as many are asked as may drain now. */
  wait: boolean;
  /** What the decision says of who wished it, and why. */
  by: string;
  reason: string;
}

export interface LeavingTools {
  pool: Pick<Pool, 'address' | 'leave'>;
  look: () => Promise<PoolWorld>;
  say: (line: string) => void;
  now: () => number;
  /** Rejects when a person has seen enough. */
  sleep: (ms: number) => Promise<void>;
  random: () => number;
}

const LOOK_EVERY_MS = 3_000;
/** One look that fails says little; so many in a row need a person. */
const FAILURES_IN_A_ROW = 5;

/** `begun`: those that were asked drain; `more` are to be asked when they are gone. */
export type Leaving = { kind: 'gone' } | { kind: 'begun'; more: number };

/** Asks whoever is to leave, within the pool's bounds, and waits for it. Rejects where it could not go on. */
export async function runLeaving(options: LeavingOptions, tools: LeavingTools): Promise<Leaving> {
  const { wish, wait } = options;
  const { pool, look, say, sleep } = tools;
  const asked = new Map<string, Seen>();
  let told = new Map<string, string>();
  let failures = 0;
  for (let round = 0; ; round += 1) {
    const world = await look();
    const plan = planLeaving(wish, pool.address, world);
    if (round === 0) refuseAtOnce(wish, plan);
    if (plan.held !== undefined) {
      failures += 1;
      say(plan.held);
    } else {
      const failed = await askAll(plan, asked, options, tools);
      failures = failed === undefined ? 0 : failures + 1;
      tellGone(asked, plan, say);
      if (plan.isDone && failed === undefined) return { kind: 'gone' };
      if (!wait && failed === undefined) return { kind: 'begun', more: plan.waiting.length };
      if (!wait && failed !== undefined) throw failed;
      told = tellProgress(plan.leaving, told, tools);
    }
    if (failures >= FAILURES_IN_A_ROW)
      throw new Error(`it did not go ${failures} times in a row: run it again, and it goes on where it is`);
    await sleep(LOOK_EVERY_MS);
  }
}

/** What cannot become right by waiting. */
function refuseAtOnce(wish: Wish, { held, leaving, ask, protected: kept }: LeavingPlan): void {
  if (held !== undefined) throw new Error(held);
  if (wish.kind !== 'node') return;
  if (kept.length > 0)
    throw new Error(`${wish.node} is protected by an operator: take its protection away first`);
  if (leaving.length + ask.length === 0) throw new Error(`there is no node ${wish.node} in the pool`);
}

/** Gives what went wrong, of the last that failed. */
async function askAll(
  plan: LeavingPlan,
  asked: Map<string, Seen>,
  { replace, by, reason }: LeavingOptions,
  { pool, say, now, random }: LeavingTools,
): Promise<Error | undefined> {
  let failed: Error | undefined;
  for (const { seen, reason: why } of plan.ask) {
    const { machine } = seen;
    const decision: Decision = {
      v: 1,
      id: createDecisionId(now(), random),
      node: machine.node,
      machine: machine.machine,
      pool: pool.address.pool,
      at: new Date(now()).toISOString(),
      by,
      cause: 'operator',
      intent: 'leave',
      reason: `${reason} (${why})`,
    };
    try {
      await pool.leave(machine, decision, { replace });
      asked.set(machine.machine, seen);
      say(`${machine.node} was asked to leave (${why}; decision ${decision.id})`);
    } catch (cause) {
      failed = new Error(`${machine.node} could not be asked to leave`, { cause });
      say(describeError(failed));
    }
  }
  for (const seen of plan.leaving) asked.set(seen.machine.machine, seen);
  return failed;
}

function tellGone(
  asked: Map<string, Seen>,
  { leaving, ask }: LeavingPlan,
  say: (line: string) => void,
): void {
  const here = new Set([...leaving, ...ask.map(({ seen }) => seen)].map(({ machine }) => machine.machine));
  for (const [
    machine,
    {
      machine: { node },
    },
  ] of asked) {
    if (here.has(machine)) continue;
    asked.delete(machine);
    say(`${node} is gone`);
  }
}

/** What is new of each. */
function tellProgress(
  leaving: readonly Seen[],
  told: ReadonlyMap<string, string>,
  { say, now }: LeavingTools,
): Map<string, string> {
  const news = new Map<string, string>();
  for (const { machine, reading } of leaving) {
    const text = describeReading(reading);
    news.set(machine.machine, text);
    if (told.get(machine.machine) === text) continue;
    const since =
      reading.kind === 'fresh' ? `, for ${describeDuration(now() - Date.parse(reading.status.since))}` : '';
    say(`${machine.node}: ${text}${since}`);
  }
  return news;
}
