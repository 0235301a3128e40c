import type { GroupMachine, GroupState } from '../../fleet/aws/auto-scaling-group.ts';
import { type FleetReading, type NodeReading, readingOf } from '../../fleet/registry.ts';
import { isEmptyWork } from '../../fleet/status.ts';

/** `refuse`: nothing goes while there is, or may be, a call on it. `cut`: everything goes. */
export type OnDestroy = 'refuse' | 'cut';

/** All that a sweep knows in one round. `group` is undefined where AWS says that there is no such group. */
export interface SweepWorld {
  group: GroupState | undefined;
  fleet: FleetReading;
}

/** A machine, and what the registry says of it. */
export interface SweptMachine extends GroupMachine {
  reading: NodeReading;
}

/** Each is safe to repeat. */
export type SweepStep =
  /** Nothing is launched any more, and the group lets its machines go. */
  | { kind: 'ask-for-none' }
  /** A hook that is abandoned or not answered ends its machine from now on. */
  | { kind: 'stop-retaining' }
  | { kind: 'terminate'; node: string }
  /** The terminate hook, with CONTINUE. */
  | { kind: 'complete'; node: string };

export type SweepPlan =
  /** These have work, or it is not known: nothing is done. `machines` counts all that there are. */
  | { kind: 'refuse'; nodes: SweptMachine[]; machines: number }
  /** There is no group, and the registry cannot be read either: this may be the wrong place to look. */
  | { kind: 'lost'; reason: string }
  | { kind: 'done' }
  | { kind: 'sweep'; steps: SweepStep[]; waitsFor: SweptMachine[] };

export interface SweepRules {
  onDestroy: OnDestroy;
  /** Whether this sweep has changed something: from then on it waits where it would have refused. */
  begun: boolean;
}

/** Pure: what to do next so that no machine is left. */
export function planSweep({ group, fleet }: SweepWorld, { onDestroy, begun }: SweepRules): SweepPlan {
  if (group === undefined) {
    if (begun || fleet.complete) return { kind: 'done' };
    return { kind: 'lost', reason: fleet.problem ?? 'the registry was not read to its end' };
  }
  const machines = group.machines.map((machine) => ({
    ...machine,
    reading: readingOf(fleet, machine.node),
  }));
  const occupied = machines.filter((machine) => !isGivenUp(machine) && !isKnownEmpty(machine));
  if (onDestroy === 'refuse' && !begun && occupied.length > 0) {
    return { kind: 'refuse', nodes: occupied, machines: machines.length };
  }
  const steps = [
    ...(onDestroy === 'cut' && group.retains ? [{ kind: 'stop-retaining' } as const] : []),
    ...(Object.values(group.sizes).some((size) => size > 0) ? [{ kind: 'ask-for-none' } as const] : []),
    ...machines.flatMap((machine) => (onDestroy === 'cut' ? endNow(machine) : endWhenEmpty(machine))),
  ];
  if (machines.length === 0 && steps.length === 0) return { kind: 'done' };
  return { kind: 'sweep', steps, waitsFor: machines };
}

/** AWS is ending it already, after its hook was answered: nothing holds that up. */
function isGivenUp({ lifecycleState }: SweptMachine): boolean {
  return lifecycleState === 'Terminating:Proceed' || lifecycleState === 'Terminated';
}

/** It says so itself, now. */
function isKnownEmpty({ reading }: SweptMachine): boolean {
  return reading.kind === 'fresh' && reading.status.work !== null && isEmptyWork(reading.status.work);
}

/** Its media has ended: no call can come any more. */
function hasDrained(machine: SweptMachine): boolean {
  if (machine.reading.kind !== 'fresh' || !isKnownEmpty(machine)) return false;
  const { phase } = machine.reading.status;
  return phase === 'empty' || phase === 'leaving';
}

/**
 * A machine that is asked to go is drained by its own agent, which answers the hook: nobody else answers it for a machine
 * on which a call may be.
 */
function endWhenEmpty(machine: SweptMachine): SweepStep[] {
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

function endNow({ node, lifecycleState }: SweptMachine): SweepStep[] {
  if (lifecycleState === 'Terminating:Wait') return [{ kind: 'complete', node }];
  if (lifecycleState.startsWith('Terminat') && lifecycleState !== 'Terminating:Retained') return [];
  return [{ kind: 'terminate', node }];
}
