import type { Place } from '../../fleet/pool-machine.ts';
import {
  hasDrainedFor,
  knownOf,
  planForNothing,
  refusalFor,
  type SweepPlan,
  type SweepRules,
} from '../sweep-plan.ts';
import { isOver, type SweepStep, type SweepWorld } from './sweep-plan.ts';

export type PartingStep = Extract<SweepStep, { kind: 'stop-scaling' | 'delete' }>;

const GONE = new Set<Place>(['outside', 'leaving-group', 'stopped', 'stopped-unknown-since']);

/**
 * Pure: what to do so that no machine is left that is out of the group, or on its way out, of which nobody would know any
 * more. Machines that serve are the operator's and stay as they are, whatever is on them.
 */
export function planParting(world: SweepWorld, rules: SweepRules): SweepPlan<PartingStep> {
  const { hasGroup, grows, fleet } = world;
  const leaving = world.machines
    .map((machine) => ({
      ...machine,
      ...knownOf(machine.node, (told) => told === machine.machine, world),
    }))
    .filter(({ place, decision }) => place !== 'ending' && (decision !== undefined || GONE.has(place)));
  if (!hasGroup && leaving.length === 0) return planForNothing(rules, fleet);
  const refusal = refusalFor(leaving, isOver, rules);
  if (refusal !== undefined) return refusal;
  if (leaving.length > 0) {
    const steps = leaving.flatMap((machine): PartingStep[] => {
      const { place, decision } = machine;
      if (place !== 'outside' && place !== 'stopped') return [];
      const isDone = decision !== undefined && hasDrainedFor(machine, decision);
      return rules.onDestroy === 'cut' || place === 'stopped' || isDone ? [{ kind: 'delete', machine }] : [];
    });
    return { kind: 'sweep', steps, waitsFor: leaving };
  }
  // With its autoscaler off nobody says that there are too many: the pruner chooses nobody. Then once more, for who was
  // chosen in the moment before.
  if (hasGroup && grows) return { kind: 'sweep', steps: [{ kind: 'stop-scaling' }], waitsFor: [] };
  return { kind: 'done' };
}
