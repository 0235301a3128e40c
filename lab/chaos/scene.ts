import type { Draw } from './draw.ts';
import type { CommonStep } from './step.ts';

/** `decidedAt`: about when the first machine is decided. */
type CommonScene = (draw: Draw, plan: { size: number }, decidedAt: number) => CommonStep[];

export const SECOND = 1_000;
/** Whoever is decided first. */
export const VICTIM = { decided: 0 };

/** Whoever is decided has calls on it. */
export const roomsEverywhere: CommonScene = (draw, { size }, decidedAt) => {
  const at = decidedAt - draw.whole(3, 20) * SECOND;
  return Array.from({ length: size }, (_, node) => ({
    at,
    kind: 'room',
    node,
    people: draw.whole(1, 3),
    forMs: draw.whole(30, 120) * SECOND,
  }));
};

/** At the one step of a drain that may be done once only; or it forgets that it did it. */
export const agentDies: CommonScene = (draw, plan, decidedAt) => {
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

/** An operator asks for a drain of an agent that dies before it has written that down. */
export const promiseBroken: CommonScene = (draw, { size }, decidedAt) => {
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
