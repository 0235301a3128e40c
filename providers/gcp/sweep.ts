import { GcpError } from '../../fleet/gcp/client.ts';
import type { Compute } from '../../fleet/gcp/compute.ts';
import { type GcpMachine, readPool } from '../../fleet/gcp/pool-machines.ts';
import type { Registry } from '../../fleet/registry.ts';
import { decisionToDestroy } from '../decision-to-destroy.ts';
import { type SweepTools as LoopTools, sweepPool } from '../sweep-loop.ts';
import { READ_BUDGET_MS } from '../sweep-state.ts';
import { planSweep, type SweepStep, type SweepWorld } from './sweep-plan.ts';

export interface SweepTools
  extends Pick<LoopTools<SweepWorld, SweepStep>, 'onDestroy' | 'now' | 'sleep' | 'say' | 'deadlineMs'> {
  pool: { pool: string; project: string; group: string; region: string };
  compute: Compute;
  registry: Pick<Registry, 'readFleet' | 'readDecisions' | 'writeDecision' | 'readMemory' | 'writeMemory'>;
}

const HOPELESS = ['credentials', 'forbidden', 'authError', 'required'];

/** Empties a pool on GCP: also of the machines that left its group, of which Pulumi knows nothing. */
export function sweep({ pool, compute, registry, ...rest }: SweepTools): Promise<void> {
  return sweepPool({
    ...rest,
    pool: { ...pool, drainFirst: drainFirst(pool) },
    read: () => readWorld({ compute, registry }),
    plan: planSweep,
    carryOut: (step) => carryOutStep(step, { pool, compute, registry, now: rest.now }),
    isOfWhole: ({ kind }) => kind === 'stop-scaling' || kind === 'empty-group',
    isHopeless,
  });
}

/** No second attempt makes that right. */
export function isHopeless(cause: unknown): boolean {
  return cause instanceof GcpError && HOPELESS.includes(cause.reason);
}

type Hands = Pick<SweepTools, 'compute' | 'registry' | 'now'>;

export async function readWorld({ compute, registry }: Omit<Hands, 'now'>): Promise<SweepWorld> {
  const signal = AbortSignal.timeout(READ_BUDGET_MS);
  const [{ group, machines, showsEveryMember }, fleet] = await Promise.all([
    readPool(compute, signal),
    registry.readFleet(signal),
  ]);
  const decisions = await registry.readDecisions(new Set(machines.map(({ node }) => node)), signal);
  const grows = group !== undefined && (await isScaling(compute, signal));
  return {
    hasGroup: group !== undefined,
    grows,
    targetSize: group?.targetSize ?? 0,
    machines,
    showsEveryMember,
    fleet,
    decisions,
  };
}

async function isScaling(compute: Compute, signal: AbortSignal): Promise<boolean> {
  try {
    return (await compute.readAutoscaler(signal)).autoscalingPolicy.mode !== 'OFF';
  } catch (cause) {
    // Somebody has deleted it: the group keeps its size.
    if (cause instanceof GcpError && cause.status === 404) return false;
    throw cause;
  }
}

export async function carryOutStep(
  step: SweepStep,
  { pool, compute, registry, now }: Hands & Pick<SweepTools, 'pool'>,
): Promise<void> {
  const signal = AbortSignal.timeout(STEP_BUDGET_MS);
  switch (step.kind) {
    case 'stop-scaling':
      return compute.follow(await compute.setScaling('OFF', signal), signal);
    case 'empty-group':
      return compute.follow(await compute.emptyGroup(signal), signal);
    case 'decide':
      return registry.writeDecision(decisionToDestroy(step.machine, pool.pool, now()), signal);
    case 'abandon':
      return abandon(step.machines, compute, signal);
    case 'delete':
      // That it is gone is seen in a later round: Google takes a minute or more.
      await compute.delete(step.machine.instance, signal);
  }
}

const STEP_BUDGET_MS = 60_000;

/** One that the group has no more makes all fail: the others must not stay for that. */
async function abandon(
  machines: readonly GcpMachine[],
  compute: Pick<Compute, 'abandon' | 'follow'>,
  signal: AbortSignal,
): Promise<void> {
  const take = async (some: readonly GcpMachine[]) =>
    compute.follow(
      await compute.abandon(
        some.map(({ instance }) => instance),
        signal,
      ),
      signal,
    );
  try {
    await take(machines);
  } catch (cause) {
    if (machines.length === 1 || isHopeless(cause) || signal.aborted) throw cause;
    let trouble: unknown;
    for (const machine of machines)
      await take([machine]).catch((failed: unknown) => {
        trouble ??= failed;
      });
    if (trouble !== undefined) throw trouble;
  }
}

function drainFirst({ project, group, region }: SweepTools['pool']): string[] {
  const where = `${group} --region ${region} --project ${project}`;
  return [
    'To drain first: take the nodes out of the group. Each is deleted as its last call ends; when they are gone, destroy again.',
    `  gcloud compute instance-groups managed update-autoscaling ${where} --mode off`,
    `  gcloud compute instance-groups managed abandon-instances ${where} --instances NODE,NODE,…`,
  ];
}
