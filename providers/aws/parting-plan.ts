import type { GroupMachine } from '../../fleet/aws/auto-scaling-group.ts';
import { type FleetReading, readingOf } from '../../fleet/registry.ts';
import { planForNothing, planMachines, type SweepPlan, type SweepRules } from '../sweep-plan.ts';
import { endNow, endWhenEmpty, isGivenUp, type MachineStep } from './sweep-plan.ts';

/** All that is known in one round. `group` is undefined where AWS says that there is no such group. */
export interface PartingWorld {
  group: { machines: GroupMachine[]; suspended: readonly string[] } | undefined;
  fleet: FleetReading;
}

/** Each is safe to repeat. */
export type PartingStep =
  /** The group chooses nobody to leave from now on. */
  { kind: 'stop-shrinking' } | MachineStep;

/**
 * Pure: what to do so that nobody waits in the hook any more, since to delete a hook lets them go with the calls on them.
 * Machines that serve are the operator's and stay as they are, whatever is on them.
 */
export function planParting(
  { group, fleet }: PartingWorld,
  terminateProcess: string,
  rules: SweepRules,
): SweepPlan<PartingStep> {
  if (group === undefined) return planForNothing(rules, fleet);
  const leaving = group.machines
    .filter(({ lifecycleState }) => lifecycleState.startsWith('Terminat'))
    .map((machine) => ({
      ...machine,
      state: machine.lifecycleState,
      reading: readingOf(fleet, machine.node),
    }))
    .filter((machine) => !isGivenUp(machine));
  // And then once more: who was chosen in the moment before leaves first.
  const isStopped = leaving.length > 0 || group.suspended.includes(terminateProcess);
  const first: PartingStep[] = isStopped ? [] : [{ kind: 'stop-shrinking' }];
  return planMachines(leaving, { isOver: isGivenUp, endNow, endWhenEmpty }, rules, { first });
}
