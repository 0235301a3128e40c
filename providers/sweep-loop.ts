import { describeError } from '../fleet/error.ts';
import { someAtOnce } from '../fleet/some-at-once.ts';
import { hasWork, type OnDestroy, type SweepPlan, type SweepRules } from './sweep-plan.ts';
import {
  cutNotice,
  interrupted,
  lost,
  refusal,
  type SweptPool,
  unfinished,
  unreadable,
  waiting,
} from './sweep-words.ts';

export interface SweepTools<World, Step> {
  pool: SweptPool;
  onDestroy: OnDestroy;
  /** All that there is, now. Rejects where it cannot be read. */
  read: () => Promise<World>;
  /** Pure: what to do next so that no machine is left. */
  plan: (world: World, rules: SweepRules) => SweepPlan<Step>;
  carryOut: (step: Step) => Promise<void>;
  /** Where such a step fails, the steps after it must not be done. */
  isOfWhole: (step: Step) => boolean;
  /** No second attempt makes this right. */
  isHopeless: (cause: unknown) => boolean;
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  /** What a person should read while it goes on. */
  say: (text: string) => void;
  /** How long it may take until no machine is left. */
  deadlineMs: number;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
/** Nodes without calls are gone by then; of a call that keeps one it is said when it is seen. */
const SAY_EVERY_MS = 60_000;
const AT_ONCE = 8;
/** What is not begun by then is planned anew: that a node is empty it says of a moment. */
const ROUND_MS = 10_000;

/**
 * Empties a pool until no machine is left, or rejects with what a person should know. It looks at the world anew in each
 * round and plans from that, so it can be run again at any time.
 */
export async function sweepPool<World, Step>(tools: SweepTools<World, Step>): Promise<void> {
  const { pool, onDestroy, plan: planNext, now, sleep, deadlineMs } = tools;
  const until = now() + deadlineMs;
  let saidAt = now();
  const saidOf = new Set<string>();
  let begun = false;
  let changed = false;
  let pauseMs = FIRST_PAUSE_MS;
  let world: World = await readFirst(tools);
  while (true) {
    const plan = planNext(world, { onDestroy, begun });
    switch (plan.kind) {
      case 'done':
        return;
      case 'lost':
        throw new Error(lost(pool, plan.reason));
      case 'refuse':
        throw new Error(refusal(pool, plan.nodes, plan.machines, now()));
      case 'sweep':
        break;
    }
    if (!begun && onDestroy === 'cut') tools.say(cutNotice(pool));
    begun = true;
    try {
      const troubles = await carryOutAll(plan.steps, tools, () => (changed = true));
      do {
        if (now() >= until) {
          const minutes = Math.round(deadlineMs / 60_000);
          throw new Error(unfinished(pool, onDestroy, plan.waitsFor, minutes, troubles, now()));
        }
        // That a cut ends calls is said already.
        const busy = onDestroy === 'cut' ? [] : plan.waitsFor.filter(hasWork);
        const isNews = busy.some(({ node }) => !saidOf.has(node));
        if (isNews || (now() >= saidAt + SAY_EVERY_MS && plan.waitsFor.length > 0)) {
          saidAt = now();
          for (const { node } of busy) saidOf.add(node);
          tools.say(waiting(pool, plan.waitsFor, until - saidAt, saidAt));
        }
        await sleep(pauseMs);
        pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      } while (!(await readAgain(tools, troubles, (read) => (world = read))));
    } catch (cause) {
      if (!tools.isHopeless(cause)) throw cause;
      throw new Error(interrupted(pool, onDestroy, changed), { cause });
    }
  }
}

/** Where it cannot be read, nothing is begun. */
async function readFirst<World, Step>({ read, pool }: SweepTools<World, Step>): Promise<World> {
  try {
    return await read();
  } catch (cause) {
    throw new Error(unreadable(pool), { cause });
  }
}

/** What fails for a while is tried again until the deadline, and told then. */
async function readAgain<World, Step>(
  tools: SweepTools<World, Step>,
  troubles: string[],
  take: (world: World) => void,
): Promise<boolean> {
  try {
    take(await tools.read());
    return true;
  } catch (cause) {
    remember(tools, troubles, cause);
    return false;
  }
}

/** First what is of the whole pool: nothing may be launched in place of a machine that goes. */
async function carryOutAll<World, Step>(
  steps: readonly Step[],
  tools: SweepTools<World, Step>,
  noteChange: () => void,
): Promise<string[]> {
  const { carryOut, isOfWhole, now } = tools;
  const until = now() + ROUND_MS;
  const troubles: string[] = [];
  async function isDone(step: Step): Promise<boolean> {
    try {
      await carryOut(step);
      noteChange();
      return true;
    } catch (cause) {
      remember(tools, troubles, cause);
      return false;
    }
  }
  for (const step of steps.filter(isOfWhole)) if (!(await isDone(step))) return troubles;
  let hopeless: unknown;
  await someAtOnce(
    steps.filter((step) => !isOfWhole(step)),
    AT_ONCE,
    async (step) => {
      if (hopeless !== undefined || now() >= until) return;
      await isDone(step).catch((cause: unknown) => {
        hopeless ??= cause;
      });
    },
  );
  if (hopeless !== undefined) throw hopeless;
  return troubles;
}

function remember<World, Step>(
  { isHopeless }: SweepTools<World, Step>,
  troubles: string[],
  cause: unknown,
): void {
  if (isHopeless(cause)) throw cause;
  troubles.push(describeError(cause));
}
