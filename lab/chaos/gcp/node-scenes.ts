import { roomsEverywhere, SECOND, VICTIM } from '../scene.ts';
import { type Scene, type Step, wakes } from './scene.ts';

/** Nobody can tell whether it is empty, and the function looks again and again. */
export const workUnknown: Scene = (draw, plan, decidedAt) => [
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

/** Between any two words of a node that drains, has no calls, and cannot tell its media server to end. */
export const notYetEmpty: Scene = (draw, _plan, decidedAt) => {
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

/** It is empty, and nobody ends it yet; then it boots and may take calls, while the store has its old word. */
export const bootsAgain: Scene = (draw, _plan, decidedAt) => {
  const at = decidedAt + draw.whole(15, 30) * SECOND;
  const upAt = at + 15 * SECOND;
  return [
    { at: decidedAt, kind: 'wake-refused', forMs: 50 * SECOND },
    {
      at,
      kind: 'network',
      callers: { node: VICTIM },
      way: 'store',
      mischief: draw.oneOf(['lost', 'error', 'refused']),
      forMs: 35 * SECOND,
      each: 1,
    },
    { at, kind: 'reboot', node: VICTIM, downMs: 15 * SECOND },
    { at: upAt + SECOND, kind: 'woken', forMs: draw.whole(5, 20) * SECOND, everyMs: 3 * SECOND },
  ];
};

/** One that is silent is all that is left to choose. */
export const nobodyElse: Scene = (draw, { size }, decidedAt) => {
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
