import { describeError } from '../../fleet/error.ts';
import { type PoolWorld, type Seen, seeAll } from '../view/seen.ts';
import { whoIsThere } from '../view/who-is-there.ts';
import { askAll } from './ask-all.ts';
import { type LeavingEvent, Refused } from './leaving-event.ts';
import type { LeavingOptions, LeavingTools } from './leaving-tools.ts';
import { type LeavingPlan, planLeaving, type Wish } from './plan-leaving.ts';
import { type Asked, createProgress } from './progress.ts';

const LOOK_EVERY_MS = 3_000;
/** One look that fails says little; so many in a row need a person. */
const FAILURES_IN_A_ROW = 5;
/** By then a list shows who was asked. */
const ASKED_LATELY_MS = 60_000;

/** `leaving`: so many are on their way out; `more` are to be asked when they are gone. Both absent where nothing was seen. */
export type Leaving = Omit<Extract<LeavingEvent, { event: 'end' }>, 'event'> & {
  /** Of a roll: nothing is known of the software of so many. */
  unjudged: number;
};

/**
 * Asks whoever is to leave, within the pool's bounds, and waits for it. What goes wrong is told. Rejects only with `Refused`:
 * nothing was changed then.
 */
export async function runLeaving(options: LeavingOptions, tools: LeavingTools): Promise<Leaving> {
  const run = createRun(options, tools);
  try {
    return await run.toEnd();
  } catch (cause) {
    if (cause instanceof Refused) throw cause;
    tools.tell({ event: 'failed', reason: describeError(cause) });
    return { outcome: 'failed', ...run.last() };
  }
}

function createRun(options: LeavingOptions, tools: LeavingTools) {
  const { wish, wait } = options;
  const { pool, look, tell, sleep, signal, now } = tools;
  const asked: Asked = new Map();
  const progress = createProgress(tell);
  let among: ReadonlySet<string> | undefined;
  let failures = 0;
  let last: Omit<Leaving, 'outcome'> = { unjudged: 0 };

  async function round(number: number): Promise<Leaving | undefined> {
    await tools.keep?.();
    const world = await look();
    if (signal.aborted) return { outcome: 'interrupted', ...last };
    const lately = [...asked].filter(([, { at }]) => at > now() - ASKED_LATELY_MS);
    const plan = planLeaving(wish, pool.address, world, { among, asked: new Set(lately.map(([id]) => id)) });
    if (number === 0) {
      refuseAtOnce(wish, plan, world);
      among = new Set(seeAll(world).map(({ machine }) => machine.machine));
    }
    if (plan.held !== undefined) {
      failures += 1;
      tell({ event: 'failed', reason: plan.held });
      return undefined;
    }
    const { failed, left } = await askAll(plan, world.now, asked, options, tools);
    progress.tell(plan, world, asked);
    last = { leaving: asked.size, more: plan.waiting.more + left, unjudged: plan.unjudged.length };
    if (left > 0) return { outcome: 'interrupted', ...last };
    if (failed) {
      failures += 1;
      return wait ? undefined : { outcome: 'failed', ...last };
    }
    if (wait && !plan.isDone) {
      failures = 0;
      return undefined;
    }
    const outcome = endOf(wish, plan, number, tell);
    // What could not be read may be read at the next look.
    if (wait && outcome === 'failed' && plan.unread.length > 0) {
      failures += 1;
      return undefined;
    }
    return { outcome, ...last };
  }

  return {
    last: () => (asked.size === 0 ? last : { ...last, leaving: asked.size }),
    async toEnd(): Promise<Leaving> {
      for (let number = 0; ; number += 1) {
        const end = await round(number);
        if (end !== undefined) return end;
        if (failures >= FAILURES_IN_A_ROW)
          throw new Error(
            `it did not go ${failures} times in a row: run it again, and it goes on where it is`,
          );
        await sleep(LOOK_EVERY_MS);
        if (signal.aborted) return { outcome: 'interrupted', ...last };
      }
    },
  };
}

/** Of those that are wished nobody is left to be asked. Whom it left alone it tells. */
function endOf(
  wish: Wish,
  { isDone, unjudged, strange, unread, protected: kept }: LeavingPlan,
  round: number,
  tell: LeavingTools['tell'],
): Leaving['outcome'] {
  if (unjudged.length > 0) tell({ event: 'unjudged', nodes: namesOf(unjudged) });
  for (const { machine, decided } of unread.slice(0, NAMED))
    tell({
      event: 'failed',
      node: machine.node,
      reason: `what is decided about ${machine.node} could not be read, and it was left alone${decided.kind === 'unknown' ? `: ${decided.reason}` : ''}`,
    });
  if (strange.length > 0)
    tell({
      event: 'failed',
      reason: `since this roll began there came ${namesOf(strange).join(', ')}, whose software is not that of new nodes either: was \`pulumi up\` run meanwhile, or are the outputs old? Run it again`,
    });
  const isKept = wish.kind === 'node' && round > 0 && kept.length > 0;
  if (isKept || strange.length > 0 || unread.length > 0) return 'failed';
  return isDone ? 'gone' : 'begun';
}

/** Of many the first say enough. */
const NAMED = 20;

function namesOf(seen: readonly Seen[]): string[] {
  return seen.slice(0, NAMED).map(({ machine }) => machine.node);
}

/** What cannot become right by waiting. */
function refuseAtOnce(
  wish: Wish,
  { held, leaving, ask, protected: kept }: LeavingPlan,
  world: PoolWorld,
): void {
  if (held !== undefined) throw new Error(held);
  if (wish.kind !== 'node') return;
  if (kept.length > 0)
    throw new Refused(
      'protected',
      `${wish.node} is protected by an operator: take its protection away first`,
    );
  if (leaving.length + ask.length === 0) {
    const there = whoIsThere(seeAll(world).map(({ machine }) => machine.node));
    throw new Refused('no-such-node', `there is no node ${wish.node} in the pool.${there}`);
  }
}
