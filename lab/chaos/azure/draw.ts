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
import type { AzurePlan } from './plan.ts';
import { drawScene } from './scenes.ts';
import { type AtRequest, type AzureStep, MAINTENANCE } from './step.ts';

/** Machines are up and serve by then. */
const BEGIN_MS = 40 * SECOND;
/** The alert comes so often. */
const ALERT_MS = 30 * SECOND;
/** The runbook decides, or deletes, within so long: it is woken again and again. */
const DELETED_WITHIN_MS = 90 * SECOND;
/** After that nodes have said how loaded they are. */
const TOLD_MS = 15 * SECOND;

/** What goes wrong on Azure only; what is here twice, twice as often. */
export const AZURE_FAULTS = [
  'scaled-in',
  'alert-storm',
  'nothing-wakes',
  'jobs-twice',
  'jobs-twice',
  'kill-job',
  'kill-job',
  'kill-job',
  'kill-job',
  'suspend-job',
  'suspend-job',
  'wake-refused',
  'roles-unheard',
  'lock-taken',
  'memory-garbled',
  'store-gone',
  'store-slow',
  'rate-limited',
  'operations-fail',
  'deleted-by-person',
  'protection-lost',
  'evicted',
  'maintained',
  'machine-dies',
  'restarted',
  'reimaged',
  'reimaged',
  'protected',
  'decision-garbled',
] as const satisfies AzureStep['kind'][];

/** A world, and what happens in it: fewer are needed at least once, and some things go wrong around that. */
export function drawAzure(random: () => number): Drawn<AzurePlan, AzureStep> {
  const draw = createDraw(random);
  const plan = drawPlan(draw);
  const shrinkAt = draw.whole(45, 120) * SECOND;
  const decidedAt = decidedFrom(shrinkAt, plan);
  const quietFrom = Math.max(draw.whole(150, 300) * SECOND, decidedAt + DELETED_WITHIN_MS);
  const aim = () => drawAimAtDrains(draw, plan.size, { decidedAt, fromMs: BEGIN_MS, untilMs: quietFrom - 1 });
  const steps: (CommonStep | AzureStep)[] = [
    ...drawRooms(draw, draw.whole(2, 7), quietFrom - 60 * SECOND),
    { at: shrinkAt, kind: 'load', needs: draw.oneOf([1, 1, plan.size - 1]) },
    ...drawGrowth(draw, shrinkAt + 90 * SECOND, plan),
    ...Array.from({ length: draw.whole(1, 4) }, () => drawTrouble(draw, aim(), quietFrom)),
    ...Array.from({ length: draw.whole(1, 3) }, () => drawAzureTrouble(draw, aim(), quietFrom)),
    ...(draw.chance(0.6) ? drawScene(draw, plan, decidedAt) : []),
    ...drawLong(draw, shrinkAt),
  ];
  return drawnOf(plan, steps, quietFrom);
}

/** About when the first is decided, if nothing goes wrong: one alert sees that fewer are needed, and the next acts. */
function decidedFrom(shrinkAt: number, { lowForMs }: AzurePlan): number {
  return Math.floor((shrinkAt + TOLD_MS) / ALERT_MS) * ALERT_MS + ALERT_MS + lowForMs;
}

function drawPlan(draw: Draw): AzurePlan {
  const size = draw.oneOf([2, 3, 3]);
  return {
    ...drawCommonPlan(draw),
    size,
    needed: size,
    zones: draw.oneOf([1, 2]),
    coolDownMs: draw.oneOf([0, 0, 45]) * SECOND,
    lowForMs: draw.oneOf([0, 0, 60]) * SECOND,
    terminateNoticeMs: draw.oneOf([undefined, 5 * MINUTE]),
  };
}

function drawGrowth(draw: Draw, at: number, { size }: AzurePlan): AzureStep[] {
  if (!draw.chance(0.3)) return [];
  const more: AzureStep[] = [{ at, kind: 'load', needs: size }];
  return draw.chance(0.5) ? [...more, { at: at + 10 * SECOND, kind: 'grow' }] : more;
}

/** Seldom, as little happens meanwhile: half an hour in which only nodes wake it, ten minutes without the store. */
function drawLong(draw: Draw, from: number): AzureStep[] {
  const at = from + draw.whole(-20, 90) * SECOND;
  if (draw.chance(0.01)) return [{ at, kind: 'nothing-wakes', forMs: 30 * MINUTE }];
  if (draw.chance(0.03)) return [{ at, kind: 'store-gone', forMs: 10 * MINUTE }];
  return [];
}

/** A run that decides one machine makes some eighteen requests, and five of them change something. */
const LAST_MET = { all: 30, changes: 8, memory: 2, decisions: 2, deletions: 1 };

function drawRequest(draw: Draw): AtRequest {
  const only = draw.oneOf(['all', 'changes', 'changes', 'memory', 'decisions', 'deletions']);
  return { only, when: draw.oneOf(['before', 'after']), nth: draw.whole(1, LAST_MET[only]) };
}

function drawAzureTrouble(draw: Draw, { at, node }: Aim, untilMs: number): AzureStep {
  const forMs = Math.min(draw.whole(5, 150) * SECOND, untilMs - at);
  const kind = draw.oneOf(AZURE_FAULTS);
  switch (kind) {
    case 'alert-storm':
      return { at, kind, times: draw.whole(2, 8), everyMs: draw.oneOf([0.2, 0.7, 3]) * SECOND };
    case 'kill-job':
      return { at, kind, ...drawRequest(draw) };
    case 'suspend-job': {
      const suspendedMs = draw.oneOf([5, 40, 90, 240, undefined]);
      const forHowLong = suspendedMs === undefined ? {} : { forMs: suspendedMs * SECOND };
      const { only, nth } = drawRequest(draw);
      return { at, kind, only, nth, ...forHowLong };
    }
    case 'roles-unheard':
      return { at, kind, whose: draw.oneOf(['nodes', 'functions']), forMs };
    case 'lock-taken':
      return { at, kind, forMs: draw.whole(15, 60) * SECOND };
    case 'store-slow':
      return { at, kind, forMs, byMs: draw.oneOf([1, 4, 8, 25]) * SECOND };
    case 'maintained':
      return { at, kind, node, event: draw.oneOf(MAINTENANCE), afterMs: draw.oneOf([20, 200]) * SECOND };
    case 'restarted':
      return { at, kind, node, downMs: draw.oneOf([20, 90, 280]) * SECOND };
    case 'reimaged':
      return { at, kind, node, as: draw.oneOf(['same', 'another']) };
    case 'nothing-wakes':
    case 'jobs-twice':
    case 'wake-refused':
    case 'store-gone':
    case 'rate-limited':
    case 'operations-fail':
      return { at, kind, forMs };
    case 'protected':
      return { at, kind, node, forMs };
    case 'scaled-in':
    case 'memory-garbled':
      return { at, kind };
    case 'deleted-by-person':
    case 'protection-lost':
    case 'evicted':
    case 'machine-dies':
    case 'decision-garbled':
      return { at, kind, node };
  }
}
