import { sweepPool } from '../sweep-loop.ts';
import { WAIT_FOR_LEAVING } from '../sweep-words.ts';
import { createPartingMemory } from './parting-memory.ts';
import { planParting } from './parting-plan.ts';
import { sweepFrom } from './run-sweep.ts';
import { carryOutStep, isHopeless, readWorld } from './sweep.ts';

/**
 * What `pulumi destroy` runs first where the group is the operator's own. Its machines stay: only those that are on their
 * way out must be gone, since with the pool everybody goes who would end them.
 */
export async function runSweep(
  state: unknown,
  onDestroy: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const tools = sweepFrom(state, onDestroy, environment);
  const memory = createPartingMemory(tools.registry);
  await sweepPool({
    ...tools,
    pool: { ...tools.pool, isExisting: true, drainFirst: WAIT_FOR_LEAVING },
    read: () => readWorld(tools),
    plan: planParting,
    async carryOut(step) {
      // Written before: whoever gives the group back must know whose doing it was.
      if (step.kind === 'stop-scaling') await memory.write(true);
      await carryOutStep(step, tools);
    },
    isOfWhole: ({ kind }) => kind === 'stop-scaling',
    isHopeless,
  });
}
