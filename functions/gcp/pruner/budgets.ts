/** Reading the whole world, carrying out what was planned, and following deletions: from there on, what is not seen is unknown. */
export const READ_BUDGET_MS = 20_000;
export const STEP_BUDGET_MS = 40_000;
/** Google takes a minute or more to delete a machine. */
export const DELETION_BUDGET_MS = 120_000;

/** Who asks while a run reads and acts waits for that, and for the next run with all that it began. */
export const LONGEST_REQUEST_MS = READ_BUDGET_MS + STEP_BUDGET_MS + READ_BUDGET_MS + DELETION_BUDGET_MS;
