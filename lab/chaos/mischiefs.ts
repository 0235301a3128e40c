import type { Callers, CommonStep, Mischief, Way } from './step.ts';

/** Who calls: a node by its order of launch, or the functions. */
export type Caller = number | 'functions';

/** By then it is known whom it means. */
type NetworkStep = Extract<CommonStep, { kind: 'network' }> & { callers: Callers<number> };

/** What goes wrong in the network now. */
export interface Mischiefs {
  /** From now on, for as long as it says. */
  add(step: NetworkStep): void;
  /** What a call meets. Asked once for each call. */
  of(caller: Caller, way: Way): Mischief | undefined;
}

export function createMischiefs(now: () => number): Mischiefs {
  let active: { step: NetworkStep; until: number; calls: number }[] = [];

  return {
    add(step) {
      active = active.filter(({ until }) => until > now());
      active.push({ step, until: now() + step.forMs, calls: 0 });
    },
    of(caller, way) {
      const met = active.find(
        ({ step, until }) => until > now() && step.way === way && isMeant(step.callers, caller),
      );
      if (met === undefined) return undefined;
      met.calls += 1;
      return met.calls % met.step.each === 0 ? met.step.mischief : undefined;
    },
  };
}

function isMeant(callers: NetworkStep['callers'], caller: Caller): boolean {
  if (callers === 'all') return true;
  if (callers === 'functions' || caller === 'functions') return callers === caller;
  return callers.node === caller;
}
