import type { ScaleSetInstance } from '../../fleet/azure/scale-set.ts';
import type { Decision } from '../../fleet/decision.ts';
import type { DecisionsReading, FleetReading } from '../../fleet/registry.ts';
import {
  hasDrainedFor,
  isKnownEmpty,
  knownOf,
  planMachines,
  type SweepPlan,
  type SweepRules,
  type SweptMachine,
} from '../sweep-plan.ts';

/** All that a sweep knows in one round. `hasSet`: false where Azure says that there is no such scale set. */
export interface SweepWorld {
  hasSet: boolean;
  /** Azure still makes new instances by itself. */
  grows: boolean;
  instances: ScaleSetInstance[];
  fleet: FleetReading;
  decisions: DecisionsReading;
}

export type SweepStep =
  | { kind: 'stop-growing' }
  /** Its agent drains it, which nobody else can. */
  | { kind: 'decide'; instance: ScaleSetInstance }
  | { kind: 'delete'; instance: ScaleSetInstance };

export interface SweptInstance extends ScaleSetInstance, SweptMachine {
  decision: Decision | undefined;
}

/** Pure: what to do next so that no instance is left. */
export function planSweep(world: SweepWorld, rules: SweepRules): SweepPlan<SweepStep> {
  const { hasSet, grows } = world;
  // Its id names its subscription: where Azure says to somebody who may look that it is not there, it is nowhere.
  if (!hasSet) return { kind: 'done' };
  const instances = world.instances.map((instance) => ({
    ...instance,
    ...knownOf(instance.node, (told) => told?.toLowerCase() === instance.machine, world),
  }));
  const first: SweepStep[] = grows ? [{ kind: 'stop-growing' }] : [];
  return planMachines<SweptInstance, SweepStep>(instances, { isOver, endNow, endWhenEmpty }, rules, {
    first,
  });
}

/** Nothing runs on it, or Azure is deleting it already: nothing holds that up. */
export function isOver({ deleting, stopped }: ScaleSetInstance): boolean {
  return deleting || stopped;
}

/** First the decision, so that its agent drains it; deleted once it says that it has drained, for that very decision. */
function endWhenEmpty(instance: SweptInstance): SweepStep[] {
  if (instance.deleting) return [];
  if (instance.stopped) return [{ kind: 'delete', instance }];
  if (!isKnownEmpty(instance)) return [];
  if (instance.decision === undefined) return [{ kind: 'decide', instance }];
  return hasDrainedFor(instance, instance.decision) ? [{ kind: 'delete', instance }] : [];
}

function endNow(instance: SweptInstance): SweepStep[] {
  return instance.deleting ? [] : [{ kind: 'delete', instance }];
}
