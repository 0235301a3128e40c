import type { ScaleSetInstance } from '../../fleet/azure/scale-set.ts';
import type { Decision } from '../../fleet/decision.ts';
import { type DecisionsReading, decisionOf, type FleetReading, readingOf } from '../../fleet/registry.ts';
import {
  hasDrained,
  isKnownEmpty,
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

interface SweptInstance extends ScaleSetInstance, SweptMachine {
  decision: Decision | undefined;
}

/** Pure: what to do next so that no instance is left. */
export function planSweep(world: SweepWorld, { onDestroy, begun }: SweepRules): SweepPlan<SweepStep> {
  const { hasSet, grows } = world;
  // Its id names its subscription: where Azure says to somebody who may look that it is not there, it is nowhere.
  if (!hasSet) return { kind: 'done' };
  const instances = world.instances.map((instance) => see(instance, world));
  const occupied = instances.filter((instance) => !isOver(instance) && !isKnownEmpty(instance));
  if (onDestroy === 'refuse' && !begun && occupied.length > 0)
    return { kind: 'refuse', nodes: occupied, machines: instances.length };
  const steps: SweepStep[] = [
    ...(grows ? [{ kind: 'stop-growing' } as const] : []),
    ...instances.flatMap((instance) => (onDestroy === 'cut' ? endNow(instance) : endWhenEmpty(instance))),
  ];
  if (instances.length === 0 && steps.length === 0) return { kind: 'done' };
  return { kind: 'sweep', steps, waitsFor: instances };
}

function see(instance: ScaleSetInstance, { fleet, decisions }: SweepWorld): SweptInstance {
  const { node, machine } = instance;
  const reading = readingOf(fleet, node);
  // A name may come again, and an earlier machine's words are none of this one.
  const ofAnother = reading.kind === 'fresh' && reading.status.machine?.toLowerCase() !== machine;
  const decided = decisionOf(decisions, node);
  const isOurs = decided.kind === 'decided' && decided.decision.machine?.toLowerCase() === machine;
  return {
    ...instance,
    reading: ofAnother ? { kind: 'missing' } : reading,
    decision: isOurs && decided.decision.intent === 'leave' ? decided.decision : undefined,
  };
}

/** Nothing runs on it, or Azure is deleting it already: nothing holds that up. */
function isOver({ deleting, stopped }: ScaleSetInstance): boolean {
  return deleting || stopped;
}

/** First the decision, so that its agent drains it; deleted once it says that it has drained, for that very decision. */
function endWhenEmpty(instance: SweptInstance): SweepStep[] {
  if (instance.deleting) return [];
  if (instance.stopped) return [{ kind: 'delete', instance }];
  if (!isKnownEmpty(instance)) return [];
  if (instance.decision === undefined) return [{ kind: 'decide', instance }];
  const { reading, decision } = instance;
  const isFor = reading.kind === 'fresh' && reading.status.decision?.id === decision.id;
  return isFor && hasDrained(instance) ? [{ kind: 'delete', instance }] : [];
}

function endNow(instance: SweptInstance): SweepStep[] {
  return instance.deleting ? [] : [{ kind: 'delete', instance }];
}
