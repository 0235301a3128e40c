import type { AwsClient } from '../../fleet/aws/client.ts';
import { describeGroup } from '../../fleet/aws/described-group.ts';
import { sweepPool } from '../sweep-loop.ts';
import { READ_BUDGET_MS, toolsOfDestroy } from '../sweep-state.ts';
import { WAIT_FOR_LEAVING } from '../sweep-words.ts';
import { suspend } from './group-loan.ts';
import { TERMINATE } from './loan-rules.ts';
import { type PartingStep, planParting } from './parting-plan.ts';
import { sweepFrom } from './run-sweep.ts';
import { isHopeless } from './sweep.ts';
import type { SweptGroup } from './swept-group.ts';

/**
 * What `pulumi destroy` runs first where the group is the operator's own. Its machines stay: only those that are on their
 * way out must be gone, since with the pool everybody goes who would let them drain.
 */
export async function runSweep(
  state: unknown,
  onDestroy: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const { pool, client, group, registry } = sweepFrom(state, environment);
  const name = pool.group;
  await sweepPool({
    ...toolsOfDestroy(onDestroy),
    pool: { ...pool, isExisting: true, drainFirst: WAIT_FOR_LEAVING },
    async read() {
      const [seen, described, fleet] = await Promise.all([
        group.read(),
        describeGroup(client, name),
        registry.readFleet(AbortSignal.timeout(READ_BUDGET_MS)),
      ]);
      const suspended = described?.suspended ?? [];
      return { group: seen && { machines: seen.machines, suspended }, fleet };
    },
    plan: (world, rules) => planParting(world, TERMINATE, rules),
    carryOut: (step) => carryOut(step, group, client, name),
    isOfWhole: ({ kind }) => kind === 'stop-shrinking',
    isHopeless,
  });
}

async function carryOut(
  step: PartingStep,
  group: SweptGroup,
  client: AwsClient,
  name: string,
): Promise<void> {
  switch (step.kind) {
    case 'stop-shrinking':
      return suspend(client, name);
    case 'terminate':
      return group.terminate(step.node);
    case 'complete':
      return group.complete(step.node);
  }
}
