import type { Draw } from '../draw.ts';
import type { CommonStep } from '../step.ts';
import type { GcpPlan } from './plan.ts';
import type { GcpStep } from './step.ts';

type Step = CommonStep | GcpStep;
type Scene = (draw: Draw, plan: GcpPlan, decidedAt: number) => Step[];

const SECOND = 1_000;
/** Whoever is decided first. */
const VICTIM = { decided: 0 };

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
  {
    at: decidedAt - SECOND,
    kind: 'network',
    callers: 'functions',
    way: draw.oneOf(['store', 'store', 'api']),
    mischief: 'slow',
    forMs: draw.whole(10, 80) * SECOND,
    each: draw.whole(1, 3),
  },
  ...(draw.chance(0.5) ? roomsEverywhere(draw, plan, decidedAt) : []),
];

/** Nobody can tell whether it is empty, and the function looks again and again. */
const workUnknown: Scene = (draw, plan, decidedAt) => [
  ...roomsEverywhere(draw, plan, decidedAt),
  {
    at: decidedAt + draw.whole(1, 8) * SECOND,
    kind: 'network',
    callers: { node: VICTIM },
    way: 'metrics',
    mischief: draw.oneOf(['lost', 'error', 'garbage']),
    forMs: draw.whole(30, 90) * SECOND,
    each: 1,
  },
  wakes(draw, decidedAt),
];

/** At the one step of a drain that may be done once only; or it forgets that it did it. */
const agentDies: Scene = (draw, plan, decidedAt) => {
  const downMs = draw.oneOf([2, 5, 30, 100]) * SECOND;
  return [
    ...(draw.chance(0.5) ? roomsEverywhere(draw, plan, decidedAt) : []),
    draw.chance(0.3)
      ? { at: decidedAt + draw.whole(5, 20) * SECOND, kind: 'state-garbled', node: VICTIM, downMs }
      : {
          at: decidedAt + SECOND,
          kind: 'kill-agent',
          node: VICTIM,
          boundary: draw.oneOf(['save', 'write', 'sync', 'rename', 'signal', 'signal']),
          when: draw.oneOf(['before', 'after']),
          nth: draw.oneOf([1, 1, 2]),
          downMs,
        },
  ];
};

/** Between any two words of a node that drains, has no calls, and cannot tell its media server to end. */
const notYetEmpty: Scene = (draw, _plan, decidedAt) => {
  const at = decidedAt + SECOND;
  const forMs = draw.whole(10, 40) * SECOND;
  return [
    draw.oneOf<Step>([
      { at, kind: 'signal-unsure', node: VICTIM, arrives: false },
      { at, kind: 'disk-full', node: VICTIM, forMs },
      { at: at + 4 * SECOND, kind: 'runtime-silent', node: VICTIM, forMs },
    ]),
    wakes(draw, decidedAt),
  ];
};

/** One that is silent is all that is left to choose. */
const nobodyElse: Scene = (draw, { size }, decidedAt) => {
  const silent = draw.whole(0, size - 1);
  const at = Math.max(SECOND, decidedAt - 100 * SECOND);
  const others = Array.from({ length: size }, (_, node) => node).filter((node) => node !== silent);
  return [
    {
      at,
      kind: 'network',
      callers: { node: silent },
      way: 'store',
      mischief: draw.oneOf(['lost', 'error', 'throttle']),
      forMs: decidedAt - at + draw.whole(5, 40) * SECOND,
      each: 1,
    },
    ...others.map(
      (node): Step => ({
        at: decidedAt - 5 * SECOND,
        kind: 'protected',
        node,
        forMs: draw.whole(10, 60) * SECOND,
      }),
    ),
  ];
};

/** An operator asks for a drain of an agent that dies before it has written that down. */
const promiseBroken: Scene = (draw, { size }, decidedAt) => {
  const at = decidedAt + draw.whole(-15, 60) * SECOND;
  const node = draw.whole(0, size - 1);
  return [
    {
      at,
      kind: 'kill-agent',
      node,
      boundary: draw.oneOf(['save', 'write', 'sync', 'rename']),
      when: 'before',
      nth: 1,
      downMs: draw.oneOf([2, 30]) * SECOND,
    },
    { at, kind: 'operator-drain', node },
  ];
};

function wakes(draw: Draw, decidedAt: number): Step {
  const at = decidedAt + draw.whole(1, 10) * SECOND;
  return { at, kind: 'woken', forMs: draw.whole(5, 30) * SECOND, everyMs: draw.oneOf([2, 3, 5]) * SECOND };
}

/** Whoever is decided has calls on it. */
function roomsEverywhere(draw: Draw, { size }: GcpPlan, decidedAt: number): Step[] {
  const at = decidedAt - draw.whole(3, 20) * SECOND;
  return Array.from({ length: size }, (_, node) => ({
    at,
    kind: 'room',
    node,
    people: draw.whole(1, 3),
    forMs: draw.whole(30, 120) * SECOND,
  }));
}
