import type { AutoscalerState } from '../../../fleet/gcp/compute-schemas.ts';
import type { RecommendationReading } from '../../level-triggered/world.ts';

/** What Google tells of a healthy autoscaler too. Whatever else it tells, its figure is not fit to act on. */
const HARMLESS = new Set([
  'MODE_ONLY_SCALE_OUT',
  'MODE_ONLY_UP',
  'MIN_EQUALS_MAX',
  'CAPPED_AT_MAX_NUM_REPLICAS',
  'SCHEDULED_INSTANCES_LESS_THAN_AUTOSCALER_MIN',
  'SCHEDULED_INSTANCES_GREATER_THAN_AUTOSCALER_MAX',
]);
/** It gets no machines at present. How many the load needs, it works out all the same, and says so again each minute. */
const CANNOT_GROW = new Set([
  'ZONE_RESOURCE_STOCKOUT',
  'REGION_RESOURCE_STOCKOUT',
  'NOT_ENOUGH_QUOTA_AVAILABLE',
]);
const GROWS_ONLY = new Set(['ONLY_SCALE_OUT', 'ONLY_UP']);

/** The figure carries no time, and stays at 0 or away while there is none. */
export function recommendationOf(autoscaler: AutoscalerState): RecommendationReading {
  const { status, statusDetails, recommendedSize, autoscalingPolicy } = autoscaler;
  const { mode, minNumReplicas = 0 } = autoscalingPolicy;
  const trouble = statusDetails.find(({ type }) => !HARMLESS.has(type) && !CANNOT_GROW.has(type));
  const shortage = statusDetails.find(({ type }) => CANNOT_GROW.has(type));
  const unfit = (reason: string) => ({ kind: 'unknown', reason, trouble: 'unfit' }) as const;
  if (mode === 'OFF') return unfit("the autoscaler's mode is OFF: it must be ONLY_SCALE_OUT");
  // Also a mode that is new: what it does is not known.
  if (!GROWS_ONLY.has(mode)) {
    const reason = `the autoscaler's mode is ${mode}, and it deletes machines with calls on them: set it to ONLY_SCALE_OUT`;
    return { kind: 'unknown', reason, trouble: 'cuts' };
  }
  if (status !== 'ACTIVE') return unfit(`the autoscaler is ${status}`);
  if (trouble !== undefined) return unfit(reports(trouble));
  if (recommendedSize === undefined || recommendedSize === 0)
    return unfit('the autoscaler recommends no size');
  const cannotGrow = shortage === undefined ? {} : { cannotGrow: reports(shortage) };
  return { kind: 'known', size: recommendedSize, minimum: minNumReplicas, ...cannotGrow };
}

function reports({ type, message }: AutoscalerState['statusDetails'][number]): string {
  return `the autoscaler reports ${[type, message].filter(Boolean).join(': ')}`;
}
