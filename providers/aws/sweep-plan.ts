import type { GroupMachine, GroupState } from '../../fleet/aws/auto-scaling-group.ts';
import { type FleetReading, readingOf } from '../../fleet/registry.ts';
import {
  hasDrained,
  isKnownEmpty,
  planForNothing,
  planMachines,
  type SweepPlan,
  type SweepRules,
  type SweptMachine,
} from '../sweep-plan.ts';

/** All that a sweep knows in one round. `group` is undefined where AWS says that there is no such group. */
export interface SweepWorld {
  group: GroupState | undefined;
  fleet: FleetReading;
}

interface SweptInstance extends GroupMachine, SweptMachine {}

/** Each is safe to repeat. */
export type SweepStep =
  /** Nothing is launched any more, and the group lets its machines go. */
  | { kind: 'ask-for-none' }
  /** A hook that is abandoned or not answered ends its machine from now on. */
  | { kind: 'stop-retaining' }
  | MachineStep;

export type MachineStep =
  | { kind: 'terminate'; node: string }
  /** The terminate hook, with CONTINUE. */
  | { kind: 'complete'; node: string };

/** Pure: what to do next so that no machine is left. */
export function planSweep({ group, fleet }: SweepWorld, rules: SweepRules): SweepPlan<SweepStep> {
  const { onDestroy } = rules;
  if (group === undefined) return planForNothing(rules, fleet);
  const machines = group.machines.map((machine) => ({
    ...machine,
    state: machine.lifecycleState,
    reading: readingOf(fleet, machine.node),
  }));
  const first: SweepStep[] = [
    ...(onDestroy === 'cut' && group.retains ? [{ kind: 'stop-retaining' } as const] : []),
    ...(Object.values(group.sizes).some((size) => size > 0) ? [{ kind: 'ask-for-none' } as const] : []),
  ];
  return planMachines(machines, { isOver: isGivenUp, endNow, endWhenEmpty }, rules, { first });
}

/** AWS is ending it already, after its hook was answered: nothing holds that up. */
export function isGivenUp({ lifecycleState }: SweptInstance): boolean {
  return lifecycleState === 'Terminating:Proceed' || lifecycleState === 'Terminated';
}

/**
 * A machine that is asked to go is drained by its own agent, which answers the hook: nobody else answers it for a machine
 * on which a call may be.
 */
export function endWhenEmpty(machine: SweptInstance): MachineStep[] {
  const { node, lifecycleState } = machine;
  switch (lifecycleState) {
    case 'InService':
    case 'Standby':
      return isKnownEmpty(machine) ? [{ kind: 'terminate', node }] : [];
    case 'Terminating:Retained':
      return hasDrained(machine) ? [{ kind: 'terminate', node }] : [];
    case 'Terminating:Wait':
      return hasDrained(machine) ? [{ kind: 'complete', node }] : [];
    default:
      return [];
  }
}

export function endNow({ node, lifecycleState }: SweptInstance): MachineStep[] {
  if (lifecycleState === 'Terminating:Wait') return [{ kind: 'complete', node }];
  if (lifecycleState.startsWith('Terminat') && lifecycleState !== 'Terminating:Retained') return [];
  return [{ kind: 'terminate', node }];
}
