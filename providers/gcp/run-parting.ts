import { sweepPool } from '../sweep-loop.ts';
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
  await sweepPool({
    ...tools,
    pool: { ...tools.pool, isExisting: true, drainFirst: WAIT },
    read: () => readWorld(tools),
    plan: planParting,
    carryOut: (step) => carryOutStep(step, tools),
    isOfWhole: ({ kind }) => kind === 'stop-scaling',
    isHopeless,
  });
}

const WAIT = [
  'Each leaves by itself as its last call ends (`npm run fleet -- status` shows them); when they are gone, destroy again. ' +
    'What serves in the group is not touched.',
];
