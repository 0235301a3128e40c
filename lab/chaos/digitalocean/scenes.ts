import { type Draw, SECOND } from '../draw.ts';
import {
  agentDies,
  bootsUnheard,
  notYetEmpty,
  promiseBroken,
  roomsEverywhere,
  silentAmongOthers,
  slowFunctions,
  VICTIM,
  workUnknown,
} from '../scene.ts';
import type { CommonStep } from '../step.ts';
import type { DigitalOceanPlan } from './plan.ts';
import { type DigitalOceanStep, FORGERIES } from './step.ts';

type Step = CommonStep | DigitalOceanStep;
/** `decidedAt`: about when the first droplet is decided. */
type Scene = (draw: Draw, plan: DigitalOceanPlan, decidedAt: number) => Step[];

/**
 * Troubles that are worst together, around the moment in which a droplet is decided, or made: each alone, at any time,
 * they would hardly ever meet.
 */
export const drawScene: Scene = (draw, plan, decidedAt) => {
  const scene = draw.oneOf([
    halfDecided,
    halfDecided,
    twoRunsAtOnce,
    twoRunsAtOnce,
    growsInDoubt,
    growsInDoubt,
    growsInDoubt,
    limitInTheMiddle,
    forged,
    forged,
    replayed,
    forgotten,
    mute,
    lookedAt(workUnknown),
    lookedAt(notYetEmpty),
    bootsAgain,
    nobodyElse,
    agentDies,
    promiseBroken,
  ]);
  return scene(draw, plan, decidedAt);
};

/** Whoever looks comes at an odd moment. */
function wakes(draw: Draw, decidedAt: number): Step {
  const at = decidedAt + draw.whole(1, 10) * SECOND;
  return { at, kind: 'woken', forMs: draw.whole(5, 30) * SECOND, everyMs: draw.oneOf([2, 3, 5]) * SECOND };
}

function lookedAt(scene: Scene): Scene {
  return (draw, plan, decidedAt) => [...scene(draw, plan, decidedAt), wakes(draw, decidedAt)];
}

/** A run ends between two of its steps, and the next follows soon. */
const halfDecided: Scene = (draw, _plan, decidedAt) => [
  draw.chance(0.7)
    ? {
        at: decidedAt - SECOND,
        kind: 'kill-run',
        only: draw.oneOf(['turn', 'memory', 'decision', 'decision', 'take-out', 'mark', 'turn-over']),
        when: draw.oneOf(['before', 'after']),
        nth: 1,
      }
    : { at: decidedAt - SECOND, kind: 'tags-half', times: draw.whole(1, 3) },
  ...(draw.chance(0.5) ? [wakes(draw, decidedAt)] : []),
];

/** Both have read the same, and one is slow; or the lists of the store hide the one from the other. */
const twoRunsAtOnce: Scene = (draw, plan, decidedAt) => {
  const at = decidedAt - SECOND;
  const forMs = draw.whole(10, 80) * SECOND;
  return [
    { at, kind: 'runs-twice', forMs },
    draw.chance(0.3)
      ? { at, kind: 'stale-lists', forMs, byMs: draw.oneOf([1, 5, 20]) * SECOND }
      : slowFunctions(draw, at, forMs),
    ...(draw.chance(0.5) ? roomsEverywhere(draw, plan, decidedAt) : []),
    ...(draw.chance(0.5) ? [{ at, kind: 'load', needs: plan.max } as const] : []),
  ];
};

/** It is not known whether a droplet was made, or what is made is not to be seen, or never comes up. */
const growsInDoubt: Scene = (draw, plan, decidedAt) => {
  const at = decidedAt - SECOND;
  const forMs = draw.whole(20, 150) * SECOND;
  return [
    { at: at - 20 * SECOND, kind: 'load', needs: plan.max },
    draw.oneOf<Step>([
      { at, kind: 'birth-unsure', made: draw.chance(0.6), times: draw.whole(1, 2) },
      { at, kind: 'birth-unsure', made: draw.chance(0.6), times: draw.whole(1, 2) },
      { at, kind: 'born-untagged', forMs },
      { at, kind: 'held-new', forMs: draw.oneOf([40, 150, 400]) * SECOND },
      { at, kind: 'never-up', times: draw.whole(1, 2) },
      { at, kind: 'account-full', forMs },
    ]),
    ...(draw.chance(0.5)
      ? [
          {
            at,
            kind: 'kill-run',
            only: draw.oneOf(['births', 'birth', 'birth', 'tag']),
            when: draw.oneOf(['before', 'after']),
            nth: draw.oneOf([1, 1, 2]),
          } as const,
        ]
      : []),
    ...(draw.chance(0.3) ? [{ at, kind: 'runs-twice', forMs } as const] : []),
    ...(draw.chance(0.3) ? [wakes(draw, decidedAt)] : []),
  ];
};

/** The API has answered some of a run's requests, and answers no more. */
const limitInTheMiddle: Scene = (draw, plan, decidedAt) => [
  ...(draw.chance(0.3) ? [{ at: decidedAt - 20 * SECOND, kind: 'load', needs: plan.max } as const] : []),
  {
    at: decidedAt - SECOND,
    kind: 'rate-limited',
    forMs: draw.oneOf([5, 30, 100]) * SECOND,
    after: draw.whole(0, 8),
    tells: draw.chance(0.5),
  },
];

/** Somebody says of one that drains with calls on it that it is empty. */
const forged: Scene = (draw, plan, decidedAt) => [
  ...roomsEverywhere(draw, plan, decidedAt),
  {
    at: decidedAt + draw.whole(1, 10) * SECOND,
    kind: 'forged',
    node: VICTIM,
    how: draw.oneOf(FORGERIES),
    forMs: draw.whole(10, 60) * SECOND,
  },
  wakes(draw, decidedAt),
];

/** It is empty, and nobody deletes it yet; then it boots, and somebody says again what it said before. */
const replayed: Scene = (draw, _plan, decidedAt) => {
  const at = decidedAt + draw.whole(15, 30) * SECOND;
  const upAt = at + 15 * SECOND;
  return [
    { at: decidedAt + 2 * SECOND, kind: 'trigger-lost', forMs: upAt - decidedAt },
    { at: decidedAt, kind: 'wake-refused', forMs: upAt - decidedAt },
    { at, kind: 'reboot', node: VICTIM, downMs: 15 * SECOND },
    { at: upAt, kind: 'forged', node: VICTIM, how: 'replayed', forMs: draw.whole(10, 30) * SECOND },
    { at: upAt + SECOND, kind: 'woken', forMs: draw.whole(5, 20) * SECOND, everyMs: 3 * SECOND },
  ];
};

/** The next that is made takes calls, and the registry never hears of it. */
const mute: Scene = (draw, plan, decidedAt) => {
  const forMs = plan.bootTimeoutMs + draw.whole(60, 120) * SECOND;
  const at = decidedAt + 60 * SECOND;
  return [
    { at: decidedAt - 20 * SECOND, kind: 'load', needs: plan.max },
    {
      at: decidedAt - SECOND,
      kind: 'network',
      callers: { node: plan.size },
      way: 'store',
      mischief: 'lost',
      forMs,
      each: 1,
    },
    ...Array.from({ length: plan.max }, (_, node) => ({
      at: at + node * SECOND,
      kind: 'room' as const,
      node,
      people: draw.whole(1, 3),
      forMs: draw.whole(60, 400) * SECOND,
    })),
  ];
};

/** What runs remember is lost, where it matters. */
const forgotten: Scene = (draw, plan, decidedAt) => [
  ...(draw.chance(0.5) ? [{ at: decidedAt - 20 * SECOND, kind: 'load', needs: plan.max } as const] : []),
  {
    at: decidedAt + draw.whole(-1, 8) * SECOND,
    kind: draw.oneOf(['memory-lost', 'memory-lost', 'memory-garbled']),
    what: draw.oneOf(['pool', 'births']),
  },
  ...(draw.chance(0.5) ? [{ at: decidedAt + 2 * SECOND, kind: 'decision-lost', node: VICTIM } as const] : []),
  wakes(draw, decidedAt),
];

/** It is empty, and nobody deletes it yet; then it boots and may take calls, while the store has its old word. */
const bootsAgain: Scene = (draw, _plan, decidedAt) => {
  const at = decidedAt + draw.whole(12, 30) * SECOND;
  const forMs = at - decidedAt + 10 * SECOND;
  return [
    { at: decidedAt + 2 * SECOND, kind: 'trigger-lost', forMs },
    { at: decidedAt, kind: 'wake-refused', forMs },
    ...bootsUnheard(draw, at, 45 * SECOND),
    { at: at + 16 * SECOND, kind: 'woken', forMs: draw.whole(5, 20) * SECOND, everyMs: 3 * SECOND },
  ];
};

/** One that is silent is all that is left to choose, or carries what the others do not. */
const nobodyElse: Scene = (draw, plan, decidedAt) => {
  const untilMs = decidedAt + draw.whole(5, 70) * SECOND;
  const { silent, others } = silentAmongOthers(draw, plan, { fromMs: decidedAt - 100 * SECOND, untilMs });
  const at = decidedAt - 5 * SECOND;
  const areProtected = draw.chance(0.5);
  return [
    silent,
    ...(areProtected ? others : []).map(
      (node): Step => ({ at, kind: 'protected', node, forMs: draw.whole(10, 60) * SECOND }),
    ),
  ];
};
