import type { AtRequest, OnlyAt } from '../deaths.ts';
import type { Which } from '../step.ts';
import type { Change } from './change.ts';

/** What an autoscaler may say that is no size to act on. */
export const UNFIT_WORDS = ['zero', 'unset', 'pending', 'error', 'complaint'] as const;
export type UnfitWord = (typeof UNFIT_WORDS)[number];

/** What happens to a group on GCP besides what can happen anywhere. */
export type GcpStep = { at: number } /** The autoscaler recommends so many from now on. */ & (
  | { kind: 'recommend'; to: number }
  | { kind: 'no-recommendation'; word: UnfitWord; forMs: number }
  /** The group makes the machine anew under its name. */
  | { kind: 'repaired'; node: Which }
  /** Its host fails, and Google starts it again elsewhere: the same machine, with its disk. */
  | { kind: 'restarted'; node: Which; downMs: number }
  | { kind: 'preempted'; node: Which }
  | { kind: 'host-maintenance'; node: Which; ends: boolean }
  | { kind: 'machine-dies'; node: Which }
  /** By a person. */
  | { kind: 'abandoned'; node: Which }
  | { kind: 'protected'; node: Which; forMs: number }
  | { kind: 'decision-garbled'; node: Which }
  /** Two instances of the function, and whoever wakes it wakes both. */
  | { kind: 'pruner-twice'; forMs: number }
  /** Dies at its `nth` request from now. */
  | ({ kind: 'kill-pruner' } & AtRequest<OnlyAt<Change>>)
  /** Besides its schedule, somebody wakes it again and again. */
  | { kind: 'woken'; forMs: number; everyMs: number }
  | { kind: 'wake-refused'; forMs: number }
  | { kind: 'scheduler-silent'; forMs: number }
  | { kind: 'scheduler-late'; forMs: number; byMs: number }
  /** Operations are begun, and fail later. */
  | { kind: 'quota'; forMs: number }
  | { kind: 'rate-limited'; forMs: number }
  | { kind: 'store-gone'; forMs: number }
);
