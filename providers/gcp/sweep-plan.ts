import type { Decision } from '../../fleet/decision.ts';
import type { GcpMachine } from '../../fleet/gcp/pool-machines.ts';
import type { Place } from '../../fleet/pool-machine.ts';
import type { DecisionsReading, FleetReading } from '../../fleet/registry.ts';
import {
  hasDrainedFor,
  isKnownEmpty,
  knownOf,
  planForNothing,
  planMachines,
  type SweepPlan,
  type SweepRules,
  type SweptMachine,
} from '../sweep-plan.ts';

/** All that a sweep knows in one round. `hasGroup`: false where Google says that there is no such group. */
export interface SweepWorld {
  hasGroup: boolean;
  /** The group still gets new machines by itself. */
  grows: boolean;
  /** How many machines the group wants. */
  targetSize: number;
  machines: GcpMachine[];
  /** Whether every member of the group of which there is a machine is among them. */
  showsEveryMember: boolean;
  fleet: FleetReading;
  decisions: DecisionsReading;
}

export type SweepStep =
  | { kind: 'stop-scaling' }
  /** The group deletes all that it has: only to cut, or where it has no machine, and wants what Google cannot make. */
  | { kind: 'empty-group' }
  /** Its agent drains it, which nobody else can. */
  | { kind: 'decide'; machine: GcpMachine }
  /** All together: Google takes as long for one as for many. */
  | { kind: 'abandon'; machines: GcpMachine[] }
  | { kind: 'delete'; machine: GcpMachine };

interface SweptInstance extends GcpMachine, SweptMachine {
  decision: Decision | undefined;
}

/** Pure: what to do next so that no machine is left, in the group or out of it. */
export function planSweep(world: SweepWorld, rules: SweepRules): SweepPlan<SweepStep> {
  const { onDestroy } = rules;
  const { hasGroup, grows, targetSize, fleet } = world;
  const machines = world.machines.map((machine) => ({
    ...machine,
    ...knownOf(machine.node, (told) => told === machine.machine, world),
  }));
  if (!hasGroup && machines.length === 0) return planForNothing(rules, fleet);
  const hasNone = !grows && machines.length === 0 && world.showsEveryMember;
  const mayEmpty = onDestroy === 'cut' || hasNone;
  const first: SweepStep[] = [
    ...(hasGroup && grows ? [{ kind: 'stop-scaling' } as const] : []),
    ...(hasGroup && mayEmpty && targetSize > 0 ? [{ kind: 'empty-group' } as const] : []),
  ];
  const isLeft = targetSize > 0;
  const plan = planMachines<SweptInstance, SweepStep>(machines, { isOver, endNow, endWhenEmpty }, rules, {
    first,
    isLeft,
  });
  return plan.kind === 'sweep' ? { ...plan, steps: abandonTogether(plan.steps) } : plan;
}

/** As many as one request may name. */
const TOGETHER = 500;

function abandonTogether(steps: readonly SweepStep[]): SweepStep[] {
  const left = steps.flatMap((step) => (step.kind === 'abandon' ? step.machines : []));
  const together: SweepStep[] = [];
  while (left.length > 0) together.push({ kind: 'abandon', machines: left.splice(0, TOGETHER) });
  return [...steps.filter(({ kind }) => kind !== 'abandon'), ...together];
}

/** Nothing runs on it, or Google is ending it already: nothing holds that up. */
export function isOver({ place }: GcpMachine): boolean {
  return place === 'paused' || place === 'stopped' || place === 'ending';
}

/**
 * First the decision, so that its agent drains it; then out of the group; deleted once it says that it has drained, for
 * that very decision.
 */
function endWhenEmpty(machine: SweptInstance): SweepStep[] {
  const { decision } = machine;
  switch (machine.place) {
    case 'in-group':
    case 'unsettled':
      if (!isKnownEmpty(machine)) return [];
      return decision === undefined
        ? [{ kind: 'decide', machine }]
        : [{ kind: 'abandon', machines: [machine] }];
    case 'outside':
      if (decision === undefined) return isKnownEmpty(machine) ? [{ kind: 'decide', machine }] : [];
      return hasDrainedFor(machine, decision) ? [{ kind: 'delete', machine }] : [];
    case 'stopped':
      return [{ kind: 'delete', machine }];
    // It may start again any moment: a person looks at it.
    case 'stopped-unknown-since':
    case 'leaving-group':
    case 'paused':
    case 'ending':
      return [];
  }
}

const OUT_OF_GROUP = new Set<Place>(['outside', 'stopped', 'stopped-unknown-since']);

function endNow(machine: SweptInstance): SweepStep[] {
  return OUT_OF_GROUP.has(machine.place) ? [{ kind: 'delete', machine }] : [];
}
