/** Taking a turn, reading the whole world, carrying out what was planned, telling how the pool is, giving the turn back. */
export const TURN_BUDGET_MS = 5_000;
export const READ_BUDGET_MS = 25_000;
export const STEP_BUDGET_MS = 20_000;
export const HEALTH_BUDGET_MS = 3_000;
export const END_BUDGET_MS = 3_000;

/** All of it is over before the function's own limit is. */
export const LONGEST_RUN_MS =
  TURN_BUDGET_MS + READ_BUDGET_MS + STEP_BUDGET_MS + HEALTH_BUDGET_MS + END_BUDGET_MS;
