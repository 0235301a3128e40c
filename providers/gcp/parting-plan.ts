import type { Decision } from '../../fleet/decision.ts';
import type { GcpMachine } from '../../fleet/gcp/pool-machines.ts';
import type { Place } from '../../fleet/pool-machine.ts';
import {
  hasDrainedFor,
  knownOf,
  planForNothing,
  planMachines,
  type SweepPlan,
  type SweepRules,
  type SweptMachine,
} from '../sweep-plan.ts';
import { isOver, type SweepStep, type SweepWorld } from './sweep-plan.ts';

export type PartingStep = Extract<SweepStep, { kind: 'stop-scaling' | 'delete' }>;

interface Parting extends GcpMachine, SweptMachine {
  decision: Decision | undefined;
}

const GONE = new Set<Place>(['outside', 'leaving-group', 'paused', 'stopped', 'stopped-unknown-since']);

/**
 * Pure: what to do so that no machine is left that is out of the group, or on its way out, of which nobody would know any
 * more. Machines that serve are the operator's and stay as they are, whatever is on them.
 */
export function planParting(world: SweepWorld, rules: SweepRules): SweepPlan<PartingStep> {
  const { hasGroup, grows, fleet } = world;
  const leaving = world.machines
    .filter(({ place }) => place !== 'ending')
    .flatMap((machine): Parting[] => {
      const { doubt, ...known } = knownOf(machine.node, (told) => told === machine.machine, world);
      const parting = { ...machine, ...known };
      if (parting.decision !== undefined || GONE.has(machine.place)) return [parting];
      // Whoever may be on its way out is waited for; nobody who may serve is cut.
      if (doubt === undefined || rules.onDestroy === 'cut') return [];
      return [{ ...parting, reading: { kind: 'unreadable', reason: `its decision: ${doubt}` } }];
    });
  if (!hasGroup && leaving.length === 0) return planForNothing(rules, fleet);
  // With its autoscaler off nobody says that there are too many: the pruner chooses nobody. Then once more, for who was
  // chosen in the moment before.
  const first: PartingStep[] = leaving.length === 0 && hasGroup && grows ? [{ kind: 'stop-scaling' }] : [];
  return planMachines<Parting, PartingStep>(leaving, { isOver, endNow, endWhenEmpty }, rules, { first });
}

function endWhenEmpty(machine: Parting): PartingStep[] {
  const { place, decision } = machine;
  const isDone = decision !== undefined && hasDrainedFor(machine, decision);
  return place === 'stopped' || (place === 'outside' && isDone) ? [{ kind: 'delete', machine }] : [];
}

function endNow(machine: Parting): PartingStep[] {
  return machine.place === 'outside' || machine.place === 'stopped' ? [{ kind: 'delete', machine }] : [];
}
