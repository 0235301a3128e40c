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
import type { GcpPlan } from './plan.ts';
import { drawScene } from './scenes.ts';
import { type GcpStep, UNFIT_WORDS } from './step.ts';

/** A run that decides one machine makes some fifteen, and four of them change something. */
const REQUESTS = 30;
/** Machines are up and serve by then. */
const BEGIN_MS = 40 * SECOND;
/** The function is woken each minute, and follows its steps to their end. */
const PRUNED_WITHIN_MS = 70 * SECOND;

/** What goes wrong on GCP only; what is here twice, twice as often. */
export const GCP_FAULTS = [
  'no-recommendation',
  'repaired',
  'repaired',
  'restarted',
  'preempted',
  'host-maintenance',
  'machine-dies',
  'abandoned',
  'protected',
  'decision-garbled',
  'pruner-twice',
  'pruner-twice',
  'kill-pruner',
  'kill-pruner',
  'kill-pruner',
  'kill-pruner',
  'woken',
  'wake-refused',
  'scheduler-silent',
  'scheduler-late',
  'quota',
  'rate-limited',
  'store-gone',
] as const satisfies GcpStep['kind'][];

/** A world, and what happens in it: fewer are wanted at least once, and some things go wrong around that. */
export function drawGcp(random: () => number): Drawn<GcpPlan, GcpStep> {
  const draw = createDraw(random);
  const plan = drawPlan(draw);
  const shrinkAt = draw.whole(45, 120) * SECOND;
  const decidedAt = decidedFrom(shrinkAt, plan);
  const quietFrom = Math.max(draw.whole(150, 300) * SECOND, decidedAt + PRUNED_WITHIN_MS);
  const aim = () => drawAimAtDrains(draw, plan.size, { decidedAt, fromMs: BEGIN_MS, untilMs: quietFrom });
  const steps: (CommonStep | GcpStep)[] = [
    ...drawRooms(draw, draw.whole(2, 7), quietFrom - 60 * SECOND),
    { at: shrinkAt, kind: 'recommend', to: draw.oneOf([1, 1, plan.size - 1]) },
    ...(draw.chance(0.3) ? [{ at: shrinkAt + 90 * SECOND, kind: 'recommend', to: plan.size } as const] : []),
    ...Array.from({ length: draw.whole(1, 4) }, () => drawTrouble(draw, aim(), quietFrom)),
    ...Array.from({ length: draw.whole(1, 3) }, () => drawGcpTrouble(draw, aim(), quietFrom)),
    ...(draw.chance(0.6) ? drawScene(draw, plan, decidedAt) : []),
    ...drawLong(draw, shrinkAt),
  ];
  return drawnOf(plan, steps, quietFrom);
}

/** About when the first is decided, if nothing goes wrong: the function is woken each minute. */
function decidedFrom(shrinkAt: number, { lowForMs }: GcpPlan): number {
  return Math.floor(shrinkAt / MINUTE) * MINUTE + MINUTE + lowForMs;
}

function drawPlan(draw: Draw): GcpPlan {
  return {
    ...drawCommonPlan(draw),
    size: draw.oneOf([2, 3, 3]),
    min: 1,
    max: 4,
    zones: draw.oneOf([1, 2]),
    coolDownMs: draw.oneOf([0, 0, 45]) * SECOND,
    lowForMs: draw.oneOf([0, 0, 60]) * SECOND,
  };
}

/** Seldom, as little happens meanwhile: an hour without the schedule, ten minutes without the store. */
function drawLong(draw: Draw, from: number): GcpStep[] {
  const at = from + draw.whole(-20, 90) * SECOND;
  if (draw.chance(0.01)) return [{ at, kind: 'scheduler-silent', forMs: 60 * MINUTE }];
  if (draw.chance(0.03)) return [{ at, kind: 'store-gone', forMs: 10 * MINUTE }];
  return [];
}

function drawGcpTrouble(draw: Draw, { at, node }: Aim, untilMs: number): GcpStep {
  const forMs = Math.min(draw.whole(5, 150) * SECOND, untilMs - at);
  const kind = draw.oneOf(GCP_FAULTS);
  switch (kind) {
    case 'no-recommendation':
      return { at, kind, word: draw.oneOf(UNFIT_WORDS), forMs };
    case 'host-maintenance':
      return { at, kind, node, ends: draw.chance(0.5) };
    case 'restarted':
      return { at, kind, node, downMs: draw.oneOf([20, 90, 280]) * SECOND };
    case 'protected':
      return { at, kind, node, forMs };
    case 'kill-pruner': {
      const only = draw.oneOf([...CHANGES, ...CHANGES, 'changes', 'changes', 'all', 'all'] as const);
      const nth = only === 'all' ? draw.whole(1, REQUESTS) : draw.oneOf([1, 1, 2]);
      return { at, kind, only, when: draw.oneOf(['before', 'after']), nth };
    }
    case 'woken':
      return { at, kind, forMs: Math.min(forMs, 20 * SECOND), everyMs: draw.oneOf([2, 5]) * SECOND };
    case 'scheduler-late':
      return { at, kind, forMs, byMs: draw.whole(5, 55) * SECOND };
    case 'pruner-twice':
    case 'wake-refused':
    case 'scheduler-silent':
    case 'quota':
    case 'rate-limited':
    case 'store-gone':
      return { at, kind, forMs };
    case 'repaired':
    case 'preempted':
    case 'machine-dies':
    case 'abandoned':
    case 'decision-garbled':
      return { at, kind, node };
  }
}
