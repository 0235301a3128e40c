import {
  hasDrained,
  hasDrainedFor,
  knownOf,
  planMachines,
  type SweepPlan,
  type SweepRules,
} from '../sweep-plan.ts';
import { isOver, type SweepStep, type SweepWorld, type SweptInstance } from './sweep-plan.ts';

export type PartingStep = { kind: 'hold-runbook' } | Extract<SweepStep, { kind: 'delete' }>;

/** `held`: the runbook chooses nobody and deletes nobody any more. */
export type PartingWorld = Omit<SweepWorld, 'grows'> & { held: boolean };

/**
 * Pure: what to do so that no machine is left that is on its way out, since with the pool whoever would delete it goes.
 * Machines that serve are the operator's and stay as they are, whatever is on them.
 */
export function planParting(world: PartingWorld, rules: SweepRules): SweepPlan<PartingStep> {
  if (!world.hasSet) return { kind: 'done' };
  const leaving = world.instances
    .filter(({ deleting }) => !deleting)
    .flatMap((instance): SweptInstance[] => {
      const { doubt, ...known } = knownOf(
        instance.node,
        (told) => told?.toLowerCase() === instance.machine,
        world,
      );
      const swept = { ...instance, ...known };
      if (swept.decision !== undefined || saysItLeaves(swept)) return [swept];
      // Whoever may be on its way out is waited for; nobody who may serve is cut, and what is stopped stays stopped.
      if (doubt === undefined || rules.onDestroy === 'cut' || instance.stopped) return [];
      return [{ ...swept, reading: { kind: 'unreadable', reason: `its decision: ${doubt}` } }];
    });
  // Who was chosen in the moment before is seen in the round after it.
  const first: PartingStep[] = leaving.length === 0 && !world.held ? [{ kind: 'hold-runbook' }] : [];
  return planMachines<SweptInstance, PartingStep>(leaving, { isOver, endNow, endWhenEmpty }, rules, {
    first,
  });
}

const ON_ITS_WAY = ['draining', 'empty', 'leaving'];

/** By its own word, where what was decided of it is lost: it does not serve again. */
function saysItLeaves({ reading }: SweptInstance): boolean {
  if (reading.kind !== 'fresh') return false;
  const { decision, phase } = reading.status;
  return decision?.intent === 'leave' && ON_ITS_WAY.includes(phase);
}

function endWhenEmpty(instance: SweptInstance): PartingStep[] {
  const { decision, stopped } = instance;
  const isDone =
    decision === undefined
      ? saysItLeaves(instance) && hasDrained(instance)
      : hasDrainedFor(instance, decision);
  return stopped || isDone ? [{ kind: 'delete', instance }] : [];
}

function endNow(instance: SweptInstance): PartingStep[] {
  return [{ kind: 'delete', instance }];
}
