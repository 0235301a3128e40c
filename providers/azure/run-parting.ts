import { createRunbookLock } from '../../fleet/azure/runbook-lock.ts';
import { createScaleSet } from '../../fleet/azure/scale-set.ts';
import { sweepPool } from '../sweep-loop.ts';
import { READ_BUDGET_MS, toolsOfDestroy } from '../sweep-state.ts';
import { type PartingWorld, planParting } from './parting-plan.ts';
import { DEADLINE_MS, sweepFrom } from './run-sweep.ts';
import { isHopeless } from './sweep.ts';

/**
 * What `pulumi destroy` runs first where the scale set is the operator's own. Its machines stay: only those that are on
 * their way out must be gone, since with the pool everybody goes who would delete them.
 */
export async function runSweep(
  state: unknown,
  onDestroy: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const { pool, client, blobs, registry } = sweepFrom(state, environment);
  const scaleSet = createScaleSet(client, pool);
  const lock = createRunbookLock(blobs);
  await sweepPool({
    ...toolsOfDestroy(onDestroy, DEADLINE_MS),
    pool: { ...pool, region: pool.location, isExisting: true, drainFirst: WAIT },
    async read(): Promise<PartingWorld> {
      const signal = AbortSignal.timeout(READ_BUDGET_MS);
      // First whether it is held: whoever was chosen before that is seen among the decisions.
      const held = await lock.isHeld(signal);
      const [instances, fleet] = await Promise.all([scaleSet.instances(signal), registry.readFleet(signal)]);
      const nodes = new Set((instances ?? []).map(({ node }) => node));
      const decisions = await registry.readDecisions(nodes, signal);
      return { hasSet: instances !== undefined, held, instances: instances ?? [], fleet, decisions };
    },
    plan: planParting,
    async carryOut(step) {
      const signal = AbortSignal.timeout(STEP_BUDGET_MS);
      if (step.kind === 'hold-runbook') return lock.hold(signal);
      return scaleSet.delete(step.instance, signal);
    },
    isOfWhole: ({ kind }) => kind === 'hold-runbook',
    isHopeless,
  });
}

const STEP_BUDGET_MS = 60_000;

const WAIT = [
  'Each leaves by itself as its last call ends (`npm run fleet -- status` shows them); when they are gone, destroy again. ' +
    'What serves in the group is not touched.',
];
