import { describeError } from '../../../fleet/error.ts';
import { type Compute, DECISION_LABEL } from '../../../fleet/gcp/compute.ts';
import type { Operation } from '../../../fleet/gcp/compute-schemas.ts';
import type { GcpMachine } from '../../../fleet/gcp/pool-machines.ts';
import type { Registry } from '../../../fleet/registry.ts';
import type { SharedMemory } from '../../../fleet/shared-memory.ts';
import { attemptsInto } from '../../attempts.ts';
import type { Decided } from '../../level-triggered/memory.ts';
import type { PoolPlan } from '../../level-triggered/plan.ts';
import { markOf } from '../../level-triggered/world.ts';

export interface StepTools {
  compute: Compute;
  registry: Pick<Registry, 'writeDecision'>;
  memory: Pick<SharedMemory, 'replace'>;
}

/** What a run has done, by nodes. */
export interface Done {
  decided: string[];
  takenOut: string[];
  marked: string[];
  removed: string[];
  /** Another run has decided meanwhile: this one decided nobody. */
  overtaken: boolean;
  failures: string[];
}

export interface CarriedOut {
  done: Done;
  /** Deletions that are under way; it gives those that failed. */
  ended: Promise<string[]>;
}

type Step = Decided<GcpMachine>;

/** How long is waited: for the steps of a run, and for the deletions that it began, which take a minute or more. */
export interface Patience {
  signal: AbortSignal;
  deletionSignal: AbortSignal;
}

/** Carries a plan out in the order that it asks for. What fails is told, and keeps nothing else from being done. */
export async function carryOut(
  plan: PoolPlan<GcpMachine>,
  memoryVersion: string | undefined,
  tools: StepTools,
  { signal, deletionSignal }: Patience,
): Promise<CarriedOut> {
  const done: Done = {
    decided: [],
    takenOut: [],
    marked: [],
    removed: [],
    overtaken: false,
    failures: [],
  };
  const operations: { node: string; operation: Operation }[] = [];
  const { compute } = tools;
  const attempt = attemptsInto(done.failures);

  async function remove({ machine }: Step): Promise<void> {
    await attempt(`deleting ${machine.node}`, async () => {
      const operation = await compute.delete(machine.instance, signal);
      done.removed.push(machine.node);
      if (operation !== undefined) operations.push({ node: machine.node, operation });
    });
  }

  /** Written state precedes the effect: whoever is not remembered and written down does not go. */
  async function decide(): Promise<Step[]> {
    const mayDecide = await attempt('writing what was decided', async () => {
      if (plan.memory === undefined) return;
      done.overtaken = !(await tools.memory.replace(plan.memory, memoryVersion, signal));
    });
    if (!mayDecide || done.overtaken) return [];
    const written = await Promise.all(
      plan.decide.map(async (step) => {
        const isWritten = await attempt(`deciding ${step.machine.node}`, () =>
          tools.registry.writeDecision(step.decision, signal),
        );
        return isWritten ? [step] : [];
      }),
    );
    done.decided = written.flat().map(({ machine }) => machine.node);
    return written.flat();
  }

  async function takeOut(steps: Step[]): Promise<Step[]> {
    if (steps.length === 0) return [];
    const nodes = steps.map(({ machine }) => machine.node);
    const isOut = await attempt(`taking ${nodes.join(', ')} out of the group`, async () => {
      const instances = steps.map(({ machine }) => machine.instance);
      await compute.follow(await compute.abandon(instances, signal), signal);
    });
    if (isOut) {
      done.takenOut.push(...nodes);
      return steps;
    }
    // One that the group has no more makes all fail: the others must not stay for that.
    if (steps.length === 1) return [];
    const outcomes: Step[] = [];
    for (const step of steps) outcomes.push(...(await takeOut([step])));
    return outcomes;
  }

  async function mark({ machine, decision }: Step): Promise<void> {
    await attempt(`marking ${machine.node}`, async () => {
      const operation = await compute.addLabels(
        machine.instance,
        { [DECISION_LABEL]: markOf(decision) },
        signal,
      );
      // Somebody else writes labels at this moment: the next run does it.
      if (operation === undefined) return;
      await compute.follow(operation, signal);
      done.marked.push(machine.node);
    });
  }

  const removals = Promise.all(plan.remove.map(remove));
  const decided = await decide();
  const inGroup = decided.filter(({ machine }) => machine.place === 'in-group');
  const adopted = decided.filter(({ machine }) => machine.place !== 'in-group');
  const out = await takeOut([...plan.takeOut, ...inGroup]);
  await Promise.all([...plan.mark, ...adopted, ...out].map(mark));
  await removals;
  return { done, ended: followAll(operations, compute, deletionSignal) };
}

async function followAll(
  operations: readonly { node: string; operation: Operation }[],
  compute: Compute,
  signal: AbortSignal,
): Promise<string[]> {
  const outcomes = await Promise.allSettled(
    operations.map(({ operation }) => compute.follow(operation, signal)),
  );
  return outcomes.flatMap((outcome, index) =>
    outcome.status === 'rejected'
      ? [`deleting ${operations[index]?.node}: ${describeError(outcome.reason)}`]
      : [],
  );
}
