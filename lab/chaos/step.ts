/**
 * A node by its order of launch, beginning with 0; or the so-and-so-many-th of those that are on their way out when the
 * step begins, by their order too: what goes wrong with these is worst.
 */
export type Which = number | { decided: number };

/** Whose calls a mischief in the network hits: those of one node, of the functions, or all. */
export type Callers<Node = Which> = { node: Node } | 'functions' | 'all';

export const WAYS = ['metadata', 'api', 'store', 'metrics'] as const;
export type Way = (typeof WAYS)[number];

/**
 * What goes wrong with a call. `lost`: it never arrives. `answer-lost`: it is carried out, and nobody hears of it.
 * `twice`: it arrives two times. `cut-short`: half an answer.
 */
export const MISCHIEFS = [
  'lost',
  'answer-lost',
  'refused',
  'error',
  'throttle',
  'garbage',
  'cut-short',
  'slow',
  'twice',
] as const;
export type Mischief = (typeof MISCHIEFS)[number];

/** The effects of an agent between which it may die. */
export const BOUNDARIES = [
  'save',
  'write',
  'sync',
  'rename',
  'signal',
  'cut',
  'start-media',
  'hold',
  'release',
  'ready',
  'publish',
  'read-decision',
  'inhibit',
] as const;
export type Boundary = (typeof BOUNDARIES)[number];

/**
 * One thing that happens to a world of any cloud, as data. `at` and every duration in ms since the world began. What a
 * step means where it cannot happen (no such node) is nothing.
 */
export type CommonStep = { at: number } /** On one of those that take rooms then. */ & (
  | { kind: 'room'; node: number; people: number; forMs: number }
  | { kind: 'network'; callers: Callers; way: Way; mischief: Mischief; forMs: number; each: number }
  /** Dies at its `nth` such boundary from now, and comes back after `downMs`. */
  | {
      kind: 'kill-agent';
      node: Which;
      boundary: Boundary | 'any';
      when: 'before' | 'after';
      nth: number;
      downMs: number;
    }
  | { kind: 'reboot'; node: Which; downMs: number }
  | { kind: 'media-crash'; node: Which }
  | { kind: 'clock-jump'; node: Which; byMs: number }
  | { kind: 'disk-full'; node: Which; forMs: number }
  | { kind: 'state-garbled'; node: Which; downMs: number }
  | { kind: 'runtime-silent'; node: Which; forMs: number }
  /** The next signal fails in the telling: it arrived, or it did not. */
  | { kind: 'signal-unsure'; node: Which; arrives: boolean }
  | { kind: 'operator-drain'; node: Which }
  | { kind: 'operator-resume'; node: Which }
);

/** What happens to one machine. */
export type NodeStep = Extract<CommonStep, { node: Which }>;

/** What happens in one cloud only: its kinds are no common ones. */
export interface OwnStep {
  at: number;
  kind: string;
}

/** The common kinds, and whether each is trouble. */
const COMMON = {
  room: false,
  network: true,
  'kill-agent': true,
  reboot: true,
  'media-crash': true,
  'clock-jump': true,
  'disk-full': true,
  'state-garbled': true,
  'runtime-silent': true,
  'signal-unsure': true,
  'operator-drain': true,
  'operator-resume': true,
} as const satisfies Record<CommonStep['kind'], boolean>;

/** Those that are trouble. */
export const COMMON_FAULTS: readonly string[] = Object.entries(COMMON).flatMap(([kind, isFault]) =>
  isFault ? [kind] : [],
);

export function isCommon(step: { kind: string }): step is CommonStep {
  return Object.hasOwn(COMMON, step.kind);
}
