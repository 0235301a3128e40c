import * as v from 'valibot';
import type { Demand, Place } from '../../../fleet/choose-victims.ts';
import type { Cause } from '../../../fleet/decision.ts';

const name = v.pipe(v.string(), v.minLength(1));

/** What the group sends, as far as it is used. */
const eventSchema = v.object({
  AutoScalingGroupName: name,
  CapacityToTerminate: v.array(
    v.object({
      AvailabilityZone: name,
      Capacity: v.pipe(v.number(), v.integer(), v.minValue(0)),
      InstanceMarketOption: v.optional(v.string()),
    }),
  ),
  Instances: v.array(
    v.object({
      AvailabilityZone: name,
      InstanceId: name,
      InstanceMarketOption: v.optional(v.string()),
    }),
  ),
  Cause: v.picklist(['SCALE_IN', 'INSTANCE_REFRESH', 'MAX_INSTANCE_LIFETIME', 'REBALANCE']),
});

const CAUSE = {
  SCALE_IN: 'scale-in',
  INSTANCE_REFRESH: 'instance-refresh',
  MAX_INSTANCE_LIFETIME: 'max-lifetime',
  REBALANCE: 'rebalance',
} as const satisfies Record<string, Cause>;

/** Why a group asks. */
export type GroupCause = (typeof CAUSE)[keyof typeof CAUSE];

/** The group's question, in our own words. */
export interface TerminationRequest {
  group: string;
  cause: GroupCause;
  demands: Demand[];
  machines: (Place & { node: string })[];
}

/** The group's answer: those ids go, and none else. */
export interface TerminationAnswer {
  InstanceIDs: string[];
}

/** Throws on anything that is not such a question: the group then ends nothing and asks again. */
export function parseRequest(event: unknown): TerminationRequest {
  const parsed = v.safeParse(eventSchema, event);
  if (!parsed.success)
    throw new Error(`not a question of an Auto Scaling group: ${v.summarize(parsed.issues)}`);
  const { AutoScalingGroupName, CapacityToTerminate, Instances, Cause } = parsed.output;
  return {
    group: AutoScalingGroupName,
    cause: CAUSE[Cause],
    demands: CapacityToTerminate.map(({ AvailabilityZone, Capacity, InstanceMarketOption }) => ({
      zone: AvailabilityZone,
      market: InstanceMarketOption,
      count: Capacity,
    })),
    machines: Instances.map(({ InstanceId, AvailabilityZone, InstanceMarketOption }) => ({
      node: InstanceId,
      zone: AvailabilityZone,
      market: InstanceMarketOption,
    })),
  };
}
