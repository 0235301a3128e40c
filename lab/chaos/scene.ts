import { type Draw, SECOND } from './draw.ts';
import type { CommonStep } from './step.ts';

/** `decidedAt`: about when the first machine is decided. */
type CommonScene = (draw: Draw, plan: { size: number }, decidedAt: number) => CommonStep[];

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

/** Nobody can tell whether it is empty. */
export const workUnknown: CommonScene = (draw, plan, decidedAt) => [
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
];

/** Between any two words of a node that drains, has no calls, and cannot tell its media server to end. */
export const notYetEmpty: CommonScene = (draw, _plan, decidedAt) => {
  const at = decidedAt + SECOND;
  const forMs = draw.whole(10, 40) * SECOND;
  return [
    draw.oneOf<CommonStep>([
      { at, kind: 'signal-unsure', node: VICTIM, arrives: false },
      { at, kind: 'disk-full', node: VICTIM, forMs },
      { at: at + 4 * SECOND, kind: 'runtime-silent', node: VICTIM, forMs },
    ]),
  ];
};

/** It boots again, and for a while cannot tell that. */
export function bootsUnheard(draw: Draw, at: number, forMs: number): CommonStep[] {
  const mischief = draw.oneOf(['lost', 'error', 'refused']);
  return [
    { at, kind: 'network', callers: { node: VICTIM }, way: 'store', mischief, forMs, each: 1 },
    { at, kind: 'reboot', node: VICTIM, downMs: 15 * SECOND },
  ];
}

/** One of them is silent, and a person protects the others. */
export function silentAmongOthers(
  draw: Draw,
  { size }: { size: number },
  { fromMs, untilMs }: { fromMs: number; untilMs: number },
): { silent: CommonStep; others: number[] } {
  const node = draw.whole(0, size - 1);
  const at = Math.max(SECOND, fromMs);
  const mischief = draw.oneOf(['lost', 'error', 'throttle']);
  return {
    silent: { at, kind: 'network', callers: { node }, way: 'store', mischief, forMs: untilMs - at, each: 1 },
    others: Array.from({ length: size }, (_, other) => other).filter((other) => other !== node),
  };
}

/** What a function asks of a store or an API is slow. */
export function slowFunctions(draw: Draw, at: number, forMs: number): CommonStep {
  const way = draw.oneOf(['store', 'store', 'api']);
  return { at, kind: 'network', callers: 'functions', way, mischief: 'slow', forMs, each: draw.whole(1, 3) };
}
