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

const SECOND = 1_000;
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
