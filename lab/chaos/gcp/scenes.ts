import { type Draw, SECOND } from '../draw.ts';
import { agentDies, promiseBroken, roomsEverywhere, slowFunctions, VICTIM } from '../scene.ts';
import { bootsAgain, nobodyElse, notYetEmpty, workUnknown } from './node-scenes.ts';
import type { GcpPlan } from './plan.ts';
import { type Scene, type Step, wakes } from './scene.ts';

/**
 * Troubles that are worst together, around the moment in which a machine is decided: each alone, at any time, they would
 * hardly ever meet.
 */
export function drawScene(draw: Draw, plan: GcpPlan, decidedAt: number): Step[] {
  const scene = draw.oneOf([
    madeAnewInItsGroup,
    madeAnewInItsGroup,
    halfDecided,
    halfDecided,
    twoRunsAtOnce,
    workUnknown,
    agentDies,
    notYetEmpty,
    bootsAgain,
    nobodyElse,
    promiseBroken,
  ]);
  return scene(draw, plan, decidedAt);
}

/** It is decided, its group does not give it up, and makes another under its name. */
const madeAnewInItsGroup: Scene = (draw, _plan, decidedAt) => [
  draw.chance(0.5)
    ? { at: decidedAt - SECOND, kind: 'quota', forMs: draw.whole(20, 100) * SECOND }
    : { at: decidedAt - SECOND, kind: 'kill-pruner', only: 'take-out', when: 'before', nth: 1 },
  {
    at: decidedAt + draw.whole(1, 40) * SECOND,
    kind: draw.oneOf(['repaired', 'repaired', 'machine-dies', 'preempted']),
    node: VICTIM,
  },
];

/** A run ends between two of its steps, or a step is lost, and the next run follows soon. */
const halfDecided: Scene = (draw, _plan, decidedAt) => [
  draw.chance(0.7)
    ? {
        at: decidedAt - SECOND,
        kind: 'kill-pruner',
        only: draw.oneOf(['memory', 'decision', 'decision', 'take-out', 'mark']),
        when: draw.oneOf(['before', 'after']),
        nth: 1,
      }
    : {
        at: decidedAt - SECOND,
        kind: 'network',
        callers: 'functions',
        way: 'store',
        mischief: draw.oneOf(['lost', 'answer-lost', 'error', 'cut-short']),
        forMs: draw.whole(2, 30) * SECOND,
        each: draw.whole(2, 6),
      },
  ...(draw.chance(0.5) ? [wakes(draw, decidedAt)] : []),
];

/** Both have read the same, and one is slow; what was the best choice for the one is not for the other. */
const twoRunsAtOnce: Scene = (draw, plan, decidedAt) => [
  { at: decidedAt - SECOND, kind: 'pruner-twice', forMs: draw.whole(10, 80) * SECOND },
  slowFunctions(draw, decidedAt - SECOND, draw.whole(10, 80) * SECOND),
  ...(draw.chance(0.5) ? roomsEverywhere(draw, plan, decidedAt) : []),
];
