import type { Gate } from './plan.ts';

/** The day's own time. It stands still at a gate, so that slow machines live the same day as fast ones. */
export interface DayClock {
  readonly dayMs: number;
  /** The gate at which it stands, and since when, in real time. */
  readonly waiting?: { readonly gate: Gate; readonly sinceMs: number };
  /** Gates that it has passed. */
  readonly passed: number;
  /** Gates that it passed without the nodes that they asked for. */
  readonly missed: readonly Gate[];
}

/**
 * The most real time that one step of the day is: a machine that stood still (it slept, or others took its processors) lives
 * the day that it would have lived, and not one whose noon is skipped.
 */
const LONGEST_STEP_MS = 1_000;

export const DAWN: DayClock = { dayMs: 0, passed: 0, missed: [] };

export interface Passing {
  /** Real time. */
  nowMs: number;
  /** Real time since the last step. */
  elapsedMs: number;
  /** How fast the day passes. */
  pace: number;
  /** How many nodes take calls in the run that has the fewest. */
  nodes: number;
  /** How many times as long as planned a gate is waited at. */
  patience: number;
}

export function advance(
  clock: DayClock,
  gates: readonly Gate[],
  { nowMs, elapsedMs, pace, nodes, patience }: Passing,
): DayClock {
  const gate = gates[clock.passed];
  const stepMs = Math.min(elapsedMs, LONGEST_STEP_MS) * pace;
  const { dayMs, passed, missed } = clock;
  if (gate === undefined) return { dayMs: dayMs + stepMs, passed, missed };
  if (clock.waiting === undefined) {
    if (dayMs + stepMs < gate.atMs) return { dayMs: dayMs + stepMs, passed, missed };
    return { dayMs: gate.atMs, passed, missed, waiting: { gate, sinceMs: nowMs } };
  }
  if (nodes >= gate.nodes) return { dayMs, passed: passed + 1, missed };
  if (nowMs - clock.waiting.sinceMs >= gate.waitMs * patience)
    return { dayMs, passed: passed + 1, missed: [...missed, gate] };
  return clock;
}
