import { AzureError } from '../../fleet/azure/client.ts';
import type { ScaleSet } from '../../fleet/azure/scale-set.ts';
import type { Registry } from '../../fleet/registry.ts';
import { decisionToDestroy } from '../decision-to-destroy.ts';
import { type SweepTools as LoopTools, sweepPool } from '../sweep-loop.ts';
import { READ_BUDGET_MS } from '../sweep-state.ts';
import { planSweep, type SweepStep, type SweepWorld } from './sweep-plan.ts';

export interface SweepTools
  extends Pick<LoopTools<SweepWorld, SweepStep>, 'onDestroy' | 'now' | 'sleep' | 'say' | 'deadlineMs'> {
  pool: { pool: string; group: string; autoscale: string; resourceGroup: string; region: string };
  scaleSet: Omit<ScaleSet, 'grow'>;
  registry: Pick<Registry, 'readFleet' | 'readDecisions' | 'writeDecision'>;
}

/** A right is missing, or these are another directory's or subscription's credentials. */
const HOPELESS = [
  'credentials',
  'AuthorizationFailed',
  'AuthenticationFailed',
  'AuthorizationPermissionMismatch',
  'ExpiredAuthenticationToken',
  'InvalidAuthenticationToken',
  'InvalidAuthenticationTokenTenant',
  'KeyBasedAuthenticationNotPermitted',
  'LinkedAuthorizationFailed',
  'ScopeLocked',
  'SubscriptionNotFound',
];

/** Empties a pool on Azure: its machines are all in its scale set, until they are gone. */
export function sweep({ pool, scaleSet, registry, ...rest }: SweepTools): Promise<void> {
  return sweepPool({
    ...rest,
    pool: { ...pool, drainFirst: drainFirst(pool) },
    read: () => readWorld(scaleSet, registry),
    plan: planSweep,
    carryOut: (step) => carryOutStep(step, { pool, scaleSet, registry, now: rest.now }),
    isOfWhole: ({ kind }) => kind === 'stop-growing',
    isHopeless,
  });
}

/** No second attempt makes that right. */
export function isHopeless(cause: unknown): boolean {
  return cause instanceof AzureError && HOPELESS.includes(cause.reason);
}

async function readWorld(
  scaleSet: SweepTools['scaleSet'],
  registry: SweepTools['registry'],
): Promise<SweepWorld> {
  const signal = AbortSignal.timeout(READ_BUDGET_MS);
  const [instances, fleet] = await Promise.all([scaleSet.instances(signal), registry.readFleet(signal)]);
  const hasSet = instances !== undefined;
  const nodes = new Set((instances ?? []).map(({ node }) => node));
  const [decisions, grows] = await Promise.all([
    registry.readDecisions(nodes, signal),
    hasSet && scaleSet.grows(signal),
  ]);
  return { hasSet, grows, instances: instances ?? [], fleet, decisions };
}

const STEP_BUDGET_MS = 60_000;

async function carryOutStep(
  step: SweepStep,
  { pool, scaleSet, registry, now }: Pick<SweepTools, 'pool' | 'scaleSet' | 'registry' | 'now'>,
): Promise<void> {
  const signal = AbortSignal.timeout(STEP_BUDGET_MS);
  switch (step.kind) {
    case 'stop-growing':
      return scaleSet.stopGrowing(signal);
    case 'decide':
      return registry.writeDecision(decisionToDestroy(step.instance, pool.pool, now()), signal);
    case 'delete':
      // That it is gone is seen in a later round: a node that is cut has its notice of some minutes first.
      return scaleSet.delete(step.instance, signal);
    default:
      return step satisfies never;
  }
}

function drainFirst({ group, autoscale, resourceGroup }: SweepTools['pool']): string[] {
  const where = `--resource-group ${resourceGroup}`;
  return [
    'To drain first: have the nodes drained, which takes no new calls and ends none. When their last calls have ended, destroy again.',
    `  az monitor autoscale update ${where} --name ${autoscale} --enabled false`,
    `  az vmss run-command invoke ${where} --name ${group} --instance-id N --command-id RunShellScript --scripts "ebbtide-agent drain"`,
  ];
}
