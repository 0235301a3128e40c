import type { Drawn } from './cloud.ts';
import type { CommonPlan } from './plan.ts';
import {
  BOUNDARIES,
  type Callers,
  type CommonStep,
  MISCHIEFS,
  type Mischief,
  WAYS,
  type Way,
  type Which,
} from './step.ts';

/** Draws values from a seeded generator of numbers in [0, 1). */
export interface Draw {
  /** A whole number from `least` to `most`, both of them included. */
  whole(least: number, most: number): number;
  oneOf<const T>(choices: readonly [T, ...T[]]): T;
  chance(share: number): boolean;
}

export function createDraw(random: () => number): Draw {
  const whole = (least: number, most: number) => least + Math.floor(random() * (most - least + 1));
  return {
    whole,
    oneOf: (choices) => choices[whole(0, choices.length - 1)] ?? choices[0],
    chance: (share) => random() < share,
  };
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
/** The worst time for whatever goes wrong with a machine that is decided. */
const DRAINS_FOR_MS = 60 * SECOND;
/** Where a death is worst. */
const AROUND_A_SIGNAL = ['save', 'write', 'sync', 'rename', 'signal'] as const;

/** People come from the beginning on, for half a minute to three. */
export function drawRooms(draw: Draw, count: number, untilMs: number): CommonStep[] {
  return Array.from({ length: count }, () => ({
    at: draw.whole(10, untilMs / SECOND) * SECOND,
    kind: 'room',
    node: draw.whole(0, 5),
    people: draw.whole(1, 4),
    forMs: draw.whole(30, 180) * SECOND,
  }));
}

/** When something goes wrong, and on which node. */
export interface Aim {
  at: number;
  node: Which;
}

/** At any time, on any node. */
export function drawAim(draw: Draw, nodes: number, fromMs: number, untilMs: number): Aim {
  const at = fromMs + Math.floor((draw.whole(0, 1_000) / 1_000) * (untilMs - fromMs));
  return { at, node: draw.whole(0, nodes - 1) };
}

/** Half of it at those that are decided, when they are. */
export function drawAimAtDrains(
  draw: Draw,
  nodes: number,
  { decidedAt, fromMs, untilMs }: { decidedAt: number; fromMs: number; untilMs: number },
): Aim {
  if (!draw.chance(0.5)) return drawAim(draw, nodes, fromMs, untilMs);
  return { at: decidedAt + draw.whole(0, DRAINS_FOR_MS), node: { decided: draw.oneOf([0, 0, 1]) } };
}

/** What an operator says of drains, in any cloud. */
export function drawCommonPlan(draw: Draw): CommonPlan {
  return {
    maxDrains: draw.oneOf([1, 1, 2]),
    ceilingMs: draw.oneOf([undefined, 60 * SECOND, 150 * SECOND]),
    onCeiling: draw.oneOf(['keep', 'cut']),
    warnAfterMs: draw.oneOf([60, 240]) * SECOND,
    hasMediaRegistry: draw.chance(0.5),
  };
}

/** The whole of it, in order of time: every trouble is over by `quietFrom`, or when the last step is. */
export function drawnOf<Plan, Own extends TimedStep>(
  plan: Plan,
  steps: (CommonStep | Own)[],
  quietFrom: number,
): Drawn<Plan, Own> {
  const calmAt = Math.max(quietFrom, ...steps.map(endOf));
  return { plan, steps: steps.sort((a, b) => a.at - b.at), calmAt };
}

/** When it is over, as far as one knows ahead. */
function endOf(step: TimedStep): number {
  const lastsMs = step.kind === 'room' ? 0 : Math.max(step.forMs ?? 0, step.afterMs ?? 0, step.downMs ?? 0);
  return step.at + lastsMs;
}

interface TimedStep {
  at: number;
  kind: string;
  forMs?: number;
  afterMs?: number;
  downMs?: number;
}

/** One thing that goes wrong on a machine, between it and others, or by an operator's hand. It is over by `untilMs`. */
export function drawTrouble(draw: Draw, { at, node }: Aim, untilMs: number): CommonStep {
  const forMs = Math.min(draw.whole(1, 150) * SECOND, untilMs - at);
  const downMs = Math.min(draw.oneOf([2, 5, 30, 100, 200]) * SECOND, untilMs - at);
  const kind = draw.oneOf([
    'network',
    'network',
    'network',
    'network',
    'kill-agent',
    'kill-agent',
    'kill-agent',
    'kill-agent',
    'reboot',
    'media-crash',
    'clock-jump',
    'disk-full',
    'state-garbled',
    'runtime-silent',
    'signal-unsure',
    'operator-drain',
    'operator-resume',
  ]);
  switch (kind) {
    case 'network': {
      const [way, mischief] = drawMischief(draw);
      const callers = draw.oneOf<Callers>([{ node }, { node }, 'functions', 'all']);
      return { at, kind, callers, way, mischief, forMs, each: draw.oneOf([1, 1, 2, 3]) };
    }
    case 'kill-agent': {
      const boundary = draw.oneOf([...BOUNDARIES, 'any', ...AROUND_A_SIGNAL, ...AROUND_A_SIGNAL] as const);
      return {
        at,
        kind,
        node,
        boundary,
        when: draw.oneOf(['before', 'after']),
        nth: draw.oneOf([1, 1, 2, 3]),
        downMs,
      };
    }
    case 'reboot':
      // No machine is back sooner, with all that it starts.
      return { at, kind, node, downMs: draw.whole(15, 60) * SECOND };
    case 'state-garbled':
      return { at, kind, node, downMs };
    case 'clock-jump':
      return { at, kind, node, byMs: draw.oneOf([-3_600, -120, -5, 5, 120, 3_600]) * SECOND };
    case 'signal-unsure':
      return { at, kind, node, arrives: draw.chance(0.5) };
    case 'disk-full':
    case 'runtime-silent':
      return { at, kind, node, forMs };
    case 'media-crash':
    case 'operator-drain':
    case 'operator-resume':
      return { at, kind, node };
  }
}

function drawMischief(draw: Draw): [Way, Mischief] {
  const way = draw.oneOf(WAYS);
  return [way, draw.oneOf(MISCHIEFS)];
}
