import { SECOND } from '../draw.ts';
import {
  bootsUnheard,
  notYetEmpty as emptyWithoutEnd,
  silentAmongOthers,
  workUnknown as unknownWork,
} from '../scene.ts';
import { type Scene, type Step, wakes } from './scene.ts';

/** And the function looks again and again. */
export const workUnknown: Scene = (draw, plan, decidedAt) => [
  ...unknownWork(draw, plan, decidedAt),
  wakes(draw, decidedAt),
];

export const notYetEmpty: Scene = (draw, plan, decidedAt) => [
  ...emptyWithoutEnd(draw, plan, decidedAt),
  wakes(draw, decidedAt),
];

/** It is empty, and nobody ends it yet; then it boots and may take calls, while the store has its old word. */
export const bootsAgain: Scene = (draw, _plan, decidedAt) => {
  const at = decidedAt + draw.whole(15, 30) * SECOND;
  const upAt = at + 15 * SECOND;
  return [
    { at: decidedAt, kind: 'wake-refused', forMs: 50 * SECOND },
    ...bootsUnheard(draw, at, 35 * SECOND),
    { at: upAt + SECOND, kind: 'woken', forMs: draw.whole(5, 20) * SECOND, everyMs: 3 * SECOND },
  ];
};

/** One that is silent is all that is left to choose. */
export const nobodyElse: Scene = (draw, plan, decidedAt) => {
  const untilMs = decidedAt + draw.whole(5, 40) * SECOND;
  const { silent, others } = silentAmongOthers(draw, plan, { fromMs: decidedAt - 100 * SECOND, untilMs });
  const at = decidedAt - 5 * SECOND;
  return [
    silent,
    ...others.map((node): Step => ({ at, kind: 'protected', node, forMs: draw.whole(10, 60) * SECOND })),
  ];
};
