import { AwsError } from '../../fleet/aws/client.ts';
import { describeError } from '../../fleet/error.ts';
import type { Registry } from '../../fleet/registry.ts';
import { type OnDestroy, planSweep, type SweepStep, type SweepWorld } from './sweep-plan.ts';
import {
  cutNotice,
  interrupted,
  lost,
  refusal,
  type SweptPool,
  unfinished,
  unreadable,
} from './sweep-words.ts';
import type { SweptGroup } from './swept-group.ts';

export interface SweepTools {
  pool: SweptPool;
  onDestroy: OnDestroy;
  group: SweptGroup;
  registry: Pick<Registry, 'readFleet'>;
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  /** What a person should read while it goes on. */
  say: (text: string) => void;
  /** How long it may take until no machine is left. */
  deadlineMs: number;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
const READ_BUDGET_MS = 20_000;
/** No second attempt makes these right. */
const HOPELESS = ['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'Credentials'];

/**
 * Empties a group until no machine is left, or rejects with what a person should know. It looks at the world anew in each
 * round and plans from that, so it can be run again at any time.
 */
export async function sweep(tools: SweepTools): Promise<void> {
  const { pool, onDestroy } = tools;
  const until = tools.now() + tools.deadlineMs;
  let begun = false;
  let changed = false;
  let pauseMs = FIRST_PAUSE_MS;
  let world = await readFirst(tools);
  while (true) {
    const plan = planSweep(world, { onDestroy, begun });
    switch (plan.kind) {
      case 'done':
        return;
      case 'lost':
        throw new Error(lost(pool, plan.reason));
      case 'refuse':
        throw new Error(refusal(pool, plan.nodes, plan.machines));
      case 'sweep':
        break;
    }
    if (!begun && onDestroy === 'cut') tools.say(cutNotice(pool));
    begun = true;
    try {
      const troubles = await carryOut(plan.steps, tools.group, () => (changed = true));
      do {
        if (tools.now() >= until) {
          const minutes = Math.round(tools.deadlineMs / 60_000);
          throw new Error(unfinished(pool, onDestroy, plan.waitsFor, minutes, troubles));
        }
        await tools.sleep(pauseMs);
        pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      } while (!(await readAgain(tools, troubles, (read) => (world = read))));
    } catch (cause) {
      if (!isHopeless(cause)) throw cause;
      throw new Error(interrupted(pool, onDestroy, changed), { cause });
    }
  }
}

/** Where it cannot be read, nothing is begun. */
async function readFirst(tools: SweepTools): Promise<SweepWorld> {
  try {
    return await readWorld(tools);
  } catch (cause) {
    throw new Error(unreadable(tools.pool), { cause });
  }
}

/** What fails for a while is tried again until the deadline, and told then. */
async function readAgain(
  tools: SweepTools,
  troubles: string[],
  take: (world: SweepWorld) => void,
): Promise<boolean> {
  try {
    take(await readWorld(tools));
    return true;
  } catch (cause) {
    remember(troubles, cause);
    return false;
  }
}

async function readWorld({ group, registry }: SweepTools): Promise<SweepWorld> {
  const [state, fleet] = await Promise.all([
    group.read(),
    registry.readFleet(AbortSignal.timeout(READ_BUDGET_MS)),
  ]);
  return { group: state, fleet };
}

/** First what is of the whole group: nothing may be launched in place of a machine that goes. */
async function carryOut(
  steps: readonly SweepStep[],
  group: SweptGroup,
  noteChange: () => void,
): Promise<string[]> {
  const troubles: string[] = [];
  for (const step of steps) {
    try {
      await carryOutStep(step, group);
      noteChange();
    } catch (cause) {
      remember(troubles, cause);
      if (step.kind === 'ask-for-none' || step.kind === 'stop-retaining') break;
    }
  }
  return troubles;
}

function carryOutStep(step: SweepStep, group: SweptGroup): Promise<void> {
  switch (step.kind) {
    case 'ask-for-none':
      return group.askForNone();
    case 'stop-retaining':
      return group.stopRetaining();
    case 'terminate':
      return group.terminate(step.node);
    case 'complete':
      return group.complete(step.node);
  }
}

function isHopeless(cause: unknown): boolean {
  return cause instanceof AwsError && HOPELESS.includes(cause.code);
}

function remember(troubles: string[], cause: unknown): void {
  if (isHopeless(cause)) throw cause;
  troubles.push(describeError(cause));
}
