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
/** In any other mode the autoscaler deletes machines itself, or somebody has switched scaling off. */
const GROWS_ONLY = new Set(['ONLY_SCALE_OUT', 'ONLY_UP']);

/** The figure carries no time, and stays at 0 or away while there is none. */
export function recommendationOf(autoscaler: AutoscalerState): RecommendationReading {
  const { status, statusDetails, recommendedSize, autoscalingPolicy } = autoscaler;
  const { mode, minNumReplicas = 0 } = autoscalingPolicy;
  const trouble = statusDetails.find(({ type }) => !HARMLESS.has(type));
  const unfit = (reason: string) => ({ kind: 'unknown', reason, unread: false }) as const;
  if (!GROWS_ONLY.has(mode)) return unfit(`the autoscaler's mode is ${mode}: it must be ONLY_SCALE_OUT`);
  if (status !== 'ACTIVE') return unfit(`the autoscaler is ${status}`);
  if (trouble !== undefined)
    return unfit(`the autoscaler reports ${[trouble.type, trouble.message].filter(Boolean).join(': ')}`);
  if (recommendedSize === undefined || recommendedSize === 0)
    return unfit('the autoscaler recommends no size');
  return { kind: 'known', size: recommendedSize, minimum: minNumReplicas };
}
