import type { Drawn } from '../cloud.ts';
import {
  type Aim,
  createDraw,
  type Draw,
  drawAimAtDrains,
  drawCommonPlan,
  drawnOf,
  drawRooms,
  drawTrouble,
  MINUTE,
  SECOND,
} from '../draw.ts';
import type { CommonStep } from '../step.ts';
import { CHANGES } from './change.ts';
import type { DigitalOceanPlan } from './plan.ts';
import { drawScene } from './scenes.ts';
import { type DigitalOceanStep, FORGERIES, TAKEN_TAGS } from './step.ts';

/** A run that decides one droplet makes some twenty. */
const REQUESTS = 40;
/** Droplets are made, up, and serve by then. */
const BEGIN_MS = 45 * SECOND;
/** After that nodes have said how loaded they are. */
const TOLD_MS = 26 * SECOND;
/** The function is called each minute, and is not done at once. */
const DELETED_WITHIN_MS = 70 * SECOND;

/** What goes wrong on DigitalOcean only; what is here twice, twice as often. */
export const DIGITALOCEAN_FAULTS = [
  'kill-run',
  'kill-run',
  'kill-run',
  'kill-run',
  'kill-run',
  'kill-run',
  'runs-twice',
  'runs-twice',
  'woken',
  'wake-refused',
  'trigger-lost',
  'trigger-late',
  'run-skewed',
  'run-skewed',
  'rate-limited',
  'rate-limited',
  'account-full',
  'birth-unsure',
  'birth-unsure',
  'born-untagged',
  'held-new',
  'never-up',
  'tags-half',
  'tags-half',
  'store-gone',
  'store-slow',
  'stale-lists',
  'stale-lists',
  'memory-lost',
  'memory-garbled',
  'decision-garbled',
  'decision-lost',
  'status-lost',
  'forged',
  'forged',
  'tag-taken',
  'tag-given',
  'protected',
  'deleted-by-person',
  'machine-dies',
  'restarted',
] as const satisfies DigitalOceanStep['kind'][];

/** A world, and what happens in it: the load falls and rises, and some things go wrong around that. */
export function drawDigitalOcean(random: () => number): Drawn<DigitalOceanPlan, DigitalOceanStep> {
  const draw = createDraw(random);
  const plan = drawPlan(draw);
  const shrinkAt = draw.whole(45, 120) * SECOND;
  const decidedAt = decidedFrom(shrinkAt, plan);
  const quietFrom = Math.max(draw.whole(150, 300) * SECOND, decidedAt + DELETED_WITHIN_MS);
  const aim = () => drawAimAtDrains(draw, plan.size, { decidedAt, fromMs: BEGIN_MS, untilMs: quietFrom - 1 });
  const steps: (CommonStep | DigitalOceanStep)[] = [
    ...drawRooms(draw, draw.whole(2, 7), quietFrom - 60 * SECOND),
    { at: shrinkAt, kind: 'load', needs: draw.oneOf([1, 1, plan.size - 1]) },
    ...(draw.chance(0.4)
      ? [{ at: decidedAt + draw.whole(5, 60) * SECOND, kind: 'load', needs: plan.max } as const]
      : []),
    ...Array.from({ length: draw.whole(0, 3) }, () => drawTrouble(draw, aim(), quietFrom)),
    ...Array.from({ length: draw.whole(1, 4) }, () => drawDigitalOceanTrouble(draw, aim(), quietFrom)),
    ...(draw.chance(0.6) ? drawScene(draw, plan, decidedAt) : []),
    ...drawLong(draw, shrinkAt),
  ];
  return drawnOf(plan, steps, quietFrom);
}

/** About when the first is decided, if nothing goes wrong: the function is called each minute. */
function decidedFrom(shrinkAt: number, { lowForMs }: DigitalOceanPlan): number {
  return Math.floor((shrinkAt + TOLD_MS) / MINUTE) * MINUTE + MINUTE + lowForMs;
}

function drawPlan(draw: Draw): DigitalOceanPlan {
  const size = draw.oneOf([2, 3, 3]);
  return {
    ...drawCommonPlan(draw),
    size,
    needed: size,
    min: 1,
    max: 4,
    coolDownMs: draw.oneOf([0, 0, 45]) * SECOND,
    lowForMs: draw.oneOf([0, 0, 60]) * SECOND,
    bootTimeoutMs: draw.oneOf([180, 300]) * SECOND,
    accountLimit: draw.oneOf([4, 10, 10]),
    storeOffsetMs: draw.oneOf([0, 0, 0, 0, 0, 0, -90, -90, 90, 90, 1_000]) * SECOND,
    apiOffsetMs: draw.oneOf([0, 0, 0, 0, -90, 90]) * SECOND,
  };
}

/** Seldom, as little happens meanwhile: half an hour without the trigger, ten minutes without the store. */
function drawLong(draw: Draw, from: number): DigitalOceanStep[] {
  const at = from + draw.whole(-20, 90) * SECOND;
  if (draw.chance(0.01)) return [{ at, kind: 'trigger-lost', forMs: 30 * MINUTE }];
  if (draw.chance(0.02)) return [{ at, kind: 'store-gone', forMs: 10 * MINUTE }];
  return [];
}

function drawDigitalOceanTrouble(draw: Draw, { at, node }: Aim, untilMs: number): DigitalOceanStep {
  const forMs = Math.min(draw.whole(5, 150) * SECOND, untilMs - at);
  const kind = draw.oneOf(DIGITALOCEAN_FAULTS);
  switch (kind) {
    case 'kill-run': {
      const only = draw.oneOf([...CHANGES, 'changes', 'changes', 'all', 'all', 'all'] as const);
      const nth = only === 'all' ? draw.whole(1, REQUESTS) : draw.oneOf([1, 1, 2]);
      return { at, kind, only, when: draw.oneOf(['before', 'after']), nth };
    }
    case 'woken':
      return { at, kind, forMs: Math.min(forMs, 20 * SECOND), everyMs: draw.oneOf([2, 5]) * SECOND };
    case 'trigger-late':
      return { at, kind, forMs, byMs: draw.whole(5, 55) * SECOND };
    case 'run-skewed':
      return { at, kind, forMs, byMs: draw.oneOf([-600, -90, -5, 5, 90, 600]) * SECOND };
    case 'rate-limited':
      return { at, kind, forMs, after: draw.whole(0, 20), tells: draw.chance(0.5) };
    case 'birth-unsure':
      return { at, kind, made: draw.chance(0.5), times: draw.whole(1, 3) };
    case 'never-up':
      return { at, kind, times: draw.whole(1, 2) };
    case 'tags-half':
      return { at, kind, times: draw.whole(1, 3) };
    case 'store-slow':
      return { at, kind, forMs, byMs: draw.oneOf([1, 4, 7, 25]) * SECOND };
    case 'stale-lists':
      return { at, kind, forMs, byMs: draw.oneOf([1, 5, 20, 60]) * SECOND };
    case 'memory-lost':
    case 'memory-garbled':
      return { at, kind, what: draw.oneOf(['pool', 'births']) };
    case 'forged':
      return { at, kind, node, how: draw.oneOf(FORGERIES), forMs: Math.min(forMs, 60 * SECOND) };
    case 'tag-taken':
      return { at, kind, node, tag: draw.oneOf(TAKEN_TAGS) };
    case 'restarted':
      return { at, kind, node, downMs: draw.oneOf([20, 90, 280]) * SECOND };
    case 'runs-twice':
    case 'wake-refused':
    case 'trigger-lost':
    case 'account-full':
    case 'born-untagged':
    case 'held-new':
    case 'store-gone':
      return { at, kind, forMs };
    case 'protected':
      return { at, kind, node, forMs };
    case 'decision-garbled':
    case 'decision-lost':
    case 'status-lost':
    case 'tag-given':
    case 'deleted-by-person':
    case 'machine-dies':
      return { at, kind, node };
  }
}
