/** What an autoscaler may say that is no size to act on. */
export const UNFIT_WORDS = ['zero', 'unset', 'pending', 'error', 'complaint'] as const;
export type UnfitWord = (typeof UNFIT_WORDS)[number];

/** What happens to a group on GCP besides what can happen anywhere. */
export type GcpStep = { at: number } /** The autoscaler recommends so many from now on. */ & (
  | { kind: 'recommend'; to: number }
  | { kind: 'no-recommendation'; word: UnfitWord; forMs: number }
  /** The group makes the machine anew under its name. */
  | { kind: 'repaired'; node: number }
  /** Its host fails, and Google starts it again elsewhere: the same machine, with its disk. */
  | { kind: 'restarted'; node: number; downMs: number }
  | { kind: 'preempted'; node: number }
  | { kind: 'host-maintenance'; node: number; ends: boolean }
  | { kind: 'machine-dies'; node: number }
  /** By a person. */
  | { kind: 'abandoned'; node: number }
  | { kind: 'protected'; node: number; forMs: number }
  | { kind: 'decision-garbled'; node: number }
  /** Two instances of the function, and whoever wakes it wakes both. */
  | { kind: 'pruner-twice'; forMs: number }
  /** Dies at its `nth` request from now. `only`: of those that change something, or of all. */
  | { kind: 'kill-pruner'; only: 'changes' | 'all'; when: 'before' | 'after'; nth: number }
  | { kind: 'wake-refused'; forMs: number }
  | { kind: 'scheduler-silent'; forMs: number }
  | { kind: 'scheduler-late'; forMs: number; byMs: number }
  /** Operations are begun, and fail later. */
  | { kind: 'quota'; forMs: number }
  | { kind: 'rate-limited'; forMs: number }
  | { kind: 'store-gone'; forMs: number }
);
