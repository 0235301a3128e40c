import { type Draw, SECOND } from '../draw.ts';
import {
  agentDies,
  bootsUnheard,
  notYetEmpty as emptyWithoutEnd,
  promiseBroken,
  roomsEverywhere,
  silentAmongOthers,
  slowFunctions,
  workUnknown as unknownWork,
  VICTIM,
} from '../scene.ts';
import type { CommonStep } from '../step.ts';
import type { AzurePlan } from './plan.ts';
import type { AzureStep } from './step.ts';

type Step = CommonStep | AzureStep;
/** `decidedAt`: about when the first machine is decided. */
type Scene = (draw: Draw, plan: AzurePlan, decidedAt: number) => Step[];

/**
 * Troubles that are worst together, around the moment in which a machine is decided: each alone, at any time, they would
 * hardly ever meet.
 */
export const drawScene: Scene = (draw, plan, decidedAt) => {
  const scene = draw.oneOf([
    halfDone,
    halfDone,
    suspended,
    suspended,
    outdated,
    twoJobsAtOnce,
    twoJobsAtOnce,
    madeAnew,
    workUnknown,
    notYetEmpty,
    bootsAgain,
    bootsAgain,
    nobodyElse,
    nobodyElse,
    offAMoment,
    agentDies,
    promiseBroken,
  ]);
  return scene(draw, plan, decidedAt);
};

/** Whoever looks comes at an odd moment. */
function wakes(draw: Draw, at: number): Step {
  return { at, kind: 'alert-storm', times: draw.whole(3, 8), everyMs: draw.oneOf([1, 3, 5]) * SECOND };
}

/** A job ends between two of its steps, and the next comes as soon as the lock is free. */
const halfDone: Scene = (draw, plan, decidedAt) => [
  ...(draw.chance(0.5) ? roomsEverywhere(draw, plan, decidedAt) : []),
  {
    at: decidedAt - SECOND,
    kind: 'kill-job',
    only: draw.oneOf(['memory', 'decisions', 'decisions', 'deletions']),
    when: draw.oneOf(['before', 'after']),
    nth: 1,
  },
  wakes(draw, decidedAt + draw.whole(5, 75) * SECOND),
];

/** A job stands still between two of its steps, others come meanwhile, and then it goes on. */
const suspended: Scene = (draw, plan, decidedAt) => [
  ...(draw.chance(0.7) ? roomsEverywhere(draw, plan, decidedAt) : []),
  {
    at: decidedAt - SECOND,
    kind: 'suspend-job',
    only: draw.oneOf(['memory', 'memory', 'decisions']),
    nth: 1,
    forMs: draw.oneOf([20, 100, 100, 150]) * SECOND,
  },
  ...(draw.chance(0.3)
    ? [{ at: decidedAt + 40 * SECOND, kind: 'reboot', node: VICTIM, downMs: 15 * SECOND } as const]
    : []),
];

/** A job stands still, nobody else comes, and what it knows is true no more when it goes on. */
const outdated: Scene = (draw, { size }, decidedAt) => {
  const forMs = draw.oneOf([100, 150]) * SECOND;
  return [
    {
      at: decidedAt - SECOND,
      kind: 'suspend-job',
      only: 'memory',
      nth: 1,
      forMs,
    },
    { at: decidedAt + 5 * SECOND, kind: 'nothing-wakes', forMs },
    { at: decidedAt + 8 * SECOND, kind: 'load', needs: size },
  ];
};

/** Both have read the same, and one is slow. */
const twoJobsAtOnce: Scene = (draw, plan, decidedAt) => [
  ...roomsEverywhere(draw, plan, decidedAt),
  { at: decidedAt - 35 * SECOND, kind: 'jobs-twice', forMs: 120 * SECOND },
  ...(draw.chance(0.7) ? [slowFunctions(draw, decidedAt - 35 * SECOND, 100 * SECOND)] : []),
];

/** Under the name of one that is to go there is another machine; or the same, with nothing on its disk. */
const madeAnew: Scene = (draw, plan, decidedAt) => [
  ...(draw.chance(0.5) ? roomsEverywhere(draw, plan, decidedAt) : []),
  {
    at: decidedAt + draw.whole(2, 50) * SECOND,
    kind: 'reimaged',
    node: VICTIM,
    as: draw.oneOf(['another', 'another', 'same']),
  },
];

/** And the runbook looks again and again. */
const workUnknown: Scene = (draw, plan, decidedAt) => [
  ...unknownWork(draw, plan, decidedAt),
  wakes(draw, decidedAt + draw.whole(5, 20) * SECOND),
];

const notYetEmpty: Scene = (draw, plan, decidedAt) => [
  ...emptyWithoutEnd(draw, plan, decidedAt),
  wakes(draw, decidedAt + draw.whole(3, 15) * SECOND),
];

/** It is empty, and nobody deletes it yet; then it boots and may take calls, while the store has its old word. */
const bootsAgain: Scene = (draw, _plan, decidedAt) => {
  const at = decidedAt + draw.whole(12, 30) * SECOND;
  return [
    { at: decidedAt + 4 * SECOND, kind: 'nothing-wakes', forMs: at - decidedAt + 10 * SECOND },
    { at: decidedAt + 4 * SECOND, kind: 'wake-refused', forMs: at - decidedAt + 10 * SECOND },
    ...bootsUnheard(draw, at, 45 * SECOND),
    { at: at + 15 * SECOND, kind: 'alert-storm', times: 8, everyMs: 3 * SECOND },
  ];
};

/** One that is silent is all that is left to choose, or carries what the others do not. */
const nobodyElse: Scene = (draw, plan, decidedAt) => {
  const untilMs = decidedAt + draw.whole(5, 70) * SECOND;
  const { silent, others } = silentAmongOthers(draw, plan, { fromMs: decidedAt - 130 * SECOND, untilMs });
  const areProtected = draw.chance(0.5);
  return [
    silent,
    ...others.map((node): Step => {
      const forMs = areProtected ? draw.whole(20, 90) * SECOND : 1;
      return { at: decidedAt - 25 * SECOND, kind: 'protected', node, forMs };
    }),
  ];
};

/** One of those that others were to rely on has been off since a moment. */
const offAMoment: Scene = (draw, { size }, decidedAt) => [
  {
    at: decidedAt - draw.whole(5, 35) * SECOND,
    kind: 'restarted',
    node: draw.whole(0, size - 1),
    downMs: draw.oneOf([90, 280]) * SECOND,
  },
];
