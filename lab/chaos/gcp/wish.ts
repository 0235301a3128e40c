import type { Clock } from '../../../fleet/clock.ts';
import type { Autoscaler, AutoscalerState } from '../../gcp/compute/autoscaler.ts';
import type { GcpPlan } from './plan.ts';
import type { UnfitWord } from './step.ts';

/** How many machines the autoscaler wants, and what it says of that. */
export interface Wish {
  recommend(size: number): void;
  /** For so long its word is no size to act on. */
  sayNothing(word: UnfitWord, forMs: number): void;
  /** The fewest that it said since then that there must be; undefined: all that time nobody could know. */
  leastSince(time: number): number | undefined;
}

/** The most tempting of what it may say: who believed any of it would take away all that may go. */
function unfit(word: UnfitWord, min: number): Partial<AutoscalerState> {
  switch (word) {
    case 'zero':
      return { recommendedSize: 0 };
    case 'unset':
      return { recommendedSize: undefined };
    case 'pending':
      return { status: 'PENDING', recommendedSize: undefined };
    case 'error':
      return { status: 'ERROR', recommendedSize: min };
    case 'complaint':
      return {
        statusDetails: [{ type: 'SCALING_TARGET_DOES_NOT_EXIST', message: 'as the schedule says' }],
        recommendedSize: min,
      };
  }
}

export function createWish(autoscaler: Autoscaler, plan: GcpPlan, clock: Clock): Wish {
  const words: { at: number; least: number | undefined }[] = [];
  let size = plan.size;
  let unfitUntil = 0;

  function say(state: Partial<AutoscalerState>, least: number | undefined): void {
    words.push({ at: clock.now(), least });
    autoscaler.pretend(state);
  }
  function sayAgain(): void {
    if (clock.now() >= unfitUntil) say({ recommendedSize: size }, Math.max(size, plan.min));
  }

  sayAgain();
  return {
    recommend(to) {
      size = to;
      sayAgain();
    },
    sayNothing(word, forMs) {
      unfitUntil = Math.max(unfitUntil, clock.now() + forMs);
      say(unfit(word, plan.min), undefined);
      clock.after(unfitUntil - clock.now(), sayAgain);
    },
    leastSince(time) {
      const before = words.findLastIndex(({ at }) => at < time);
      const said = words
        .slice(Math.max(0, before))
        .flatMap(({ least }) => (least === undefined ? [] : [least]));
      return said.length === 0 ? undefined : Math.min(...said);
    },
  };
}
