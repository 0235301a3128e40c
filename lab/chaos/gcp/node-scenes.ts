import { roomsEverywhere, type Scene, SECOND, type Step, VICTIM, wakes } from './scene.ts';

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

/** At the one step of a drain that may be done once only; or it forgets that it did it. */
export const agentDies: Scene = (draw, plan, decidedAt) => {
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

/** An operator asks for a drain of an agent that dies before it has written that down. */
export const promiseBroken: Scene = (draw, { size }, decidedAt) => {
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
