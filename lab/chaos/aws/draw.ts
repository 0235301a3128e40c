import type { Drawn } from '../cloud.ts';
import { createDraw, type Draw, drawAim, drawCommonPlan, drawRooms, drawTrouble, SECOND } from '../draw.ts';
import type { CommonStep } from '../step.ts';
import type { AwsPlan } from './plan.ts';
import type { AwsStep } from './step.ts';

/** Machines are up and serve by then. */
const BEGIN_MS = 40 * SECOND;

/** What goes wrong on AWS only; what is here twice, twice as often. */
export const AWS_FAULTS = [
  'replace-one',
  'unhealthy',
  'ended-by-hand',
  'spot-notice',
  'rebalance-notice',
  'machine-dies',
  'late-notice',
  'late-notice',
  'policy-slow',
  'policy-fails',
  'watcher-silent',
] as const satisfies AwsStep['kind'][];

/** A world, and what happens in it: the group shrinks at least once, and some things go wrong around that. */
export function drawAws(random: () => number): Drawn<AwsPlan, AwsStep> {
  const draw = createDraw(random);
  const plan = drawPlan(draw);
  const calmAt = draw.whole(180, 360) * SECOND;
  const shrinkAt = draw.whole(45, 120) * SECOND;
  const steps: (CommonStep | AwsStep)[] = [
    ...drawRooms(draw, draw.whole(2, 8), calmAt - 60 * SECOND),
    { at: shrinkAt, kind: 'desired', to: draw.whole(1, plan.desired - 1) },
    ...(draw.chance(0.3) ? [{ at: shrinkAt + 60 * SECOND, kind: 'desired', to: plan.desired } as const] : []),
    ...Array.from({ length: draw.whole(1, 6) }, () =>
      drawTrouble(draw, drawAim(draw, plan.desired, BEGIN_MS, calmAt), calmAt),
    ),
    ...Array.from({ length: draw.whole(0, 2) }, () => drawAwsTrouble(draw, plan, calmAt)),
  ];
  return { plan, steps: steps.sort((a, b) => a.at - b.at), calmAt };
}

function drawPlan(draw: Draw): AwsPlan {
  const hookTimeoutMs = draw.oneOf([30, 60, 120]) * SECOND;
  return {
    ...drawCommonPlan(draw),
    desired: draw.oneOf([2, 2, 3]),
    min: 1,
    max: 4,
    zones: draw.oneOf([1, 2]),
    coolDownMs: draw.oneOf([0, 0, 45]) * SECOND,
    hookTimeoutMs,
    heartbeatMs: hookTimeoutMs / 3,
    onRebalance: draw.oneOf(['report', 'drain']),
  };
}

function drawAwsTrouble(draw: Draw, plan: AwsPlan, untilMs: number): AwsStep {
  const at = draw.whole(BEGIN_MS, untilMs - 1);
  const node = draw.whole(0, plan.desired - 1);
  const forMs = Math.min(draw.whole(5, 120) * SECOND, untilMs - at);
  const kind = draw.oneOf(AWS_FAULTS);
  switch (kind) {
    case 'replace-one':
      return { at, kind, cause: draw.oneOf(['INSTANCE_REFRESH', 'MAX_INSTANCE_LIFETIME', 'REBALANCE']) };
    case 'spot-notice':
      return { at, kind, node, noticeMs: 120 * SECOND };
    case 'late-notice':
      return { at, kind, node, forMs };
    case 'policy-slow':
      return { at, kind, forMs, byMs: draw.oneOf([400, 900, 1_500, 2_500]) };
    case 'policy-fails':
    case 'watcher-silent':
      return { at, kind, forMs };
    case 'unhealthy':
    case 'ended-by-hand':
    case 'rebalance-notice':
    case 'machine-dies':
      return { at, kind, node };
  }
}
