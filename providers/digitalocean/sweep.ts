import { AwsError } from '../../fleet/aws/client.ts';
import { ServiceError } from '../../fleet/bearer-http.ts';
import type { Droplets } from '../../fleet/digitalocean/droplets.ts';
import { decisionTag, markInTags } from '../../fleet/digitalocean/tags.ts';
import type { Registry } from '../../fleet/registry.ts';
import { decisionToDestroy } from '../decision-to-destroy.ts';
import { type SweepTools as LoopTools, sweepPool } from '../sweep-loop.ts';
import { READ_BUDGET_MS } from '../sweep-state.ts';
import { planSweep, type SweepStep, type SweepWorld } from './sweep-plan.ts';
import type { SweptOrchestrator } from './swept-orchestrator.ts';

export interface SweepTools
  extends Pick<LoopTools<SweepWorld, SweepStep>, 'onDestroy' | 'now' | 'sleep' | 'say' | 'deadlineMs'> {
  pool: { pool: string; group: string; region: string; namespace: string };
  orchestrator: SweptOrchestrator;
  droplets: Pick<Droplets, 'list' | 'delete' | 'dropTag'>;
  registry: Pick<Registry, 'readFleet' | 'readDecisions' | 'writeDecision'>;
}

const HOPELESS_SPACES = ['AccessDenied', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'Credentials'];

/** Empties a pool on DigitalOcean, of whose droplets Pulumi knows nothing. */
export function sweep({ pool, orchestrator, droplets, registry, ...rest }: SweepTools): Promise<void> {
  let shutSince: number | undefined;
  return sweepPool({
    ...rest,
    pool: { ...pool, drainFirst: drainFirst(pool) },
    async read() {
      const signal = AbortSignal.timeout(READ_BUDGET_MS);
      // What makes them is looked at first: whatever it made before, the list has.
      const state = await orchestrator.read(signal);
      if (state.kind === 'awake') shutSince = undefined;
      else shutSince ??= rest.now();
      const shutForMs = shutSince === undefined ? 0 : rest.now() - shutSince;
      const [listed, fleet] = await Promise.all([droplets.list(signal), registry.readFleet(signal)]);
      const decisions = await registry.readDecisions(new Set(listed.map(({ name }) => name)), signal);
      return { orchestrator: state, shutForMs, droplets: listed, fleet, decisions };
    },
    plan: planSweep,
    carryOut: (step) => carryOutStep(step, { pool, orchestrator, droplets, registry, now: rest.now }),
    // What must come before all else is alone in its plan.
    isOfWhole: () => false,
    isHopeless,
  });
}

/** A right is missing, or the token is no more, or another account's. */
function isHopeless(cause: unknown): boolean {
  if (cause instanceof AwsError) return HOPELESS_SPACES.includes(cause.code);
  if (!(cause instanceof ServiceError)) return false;
  return cause.reason === 'credentials' || cause.status === 401 || cause.status === 403;
}

const STEP_BUDGET_MS = 60_000;

async function carryOutStep(
  step: SweepStep,
  {
    pool,
    orchestrator,
    droplets,
    registry,
    now,
  }: Omit<SweepTools, 'onDestroy' | 'sleep' | 'say' | 'deadlineMs'>,
): Promise<void> {
  const signal = AbortSignal.timeout(STEP_BUDGET_MS);
  switch (step.kind) {
    case 'shut-orchestrator':
      return orchestrator.shut(signal);
    case 'decide':
      return registry.writeDecision(decisionToDestroy(step, pool.pool, now()), signal);
    case 'delete': {
      // A tag outlives its droplet, and this one is on no other. That the droplet is gone is seen in a later round.
      const mark = markInTags(step.droplet.tags);
      if (mark !== undefined) await droplets.dropTag(decisionTag(mark), signal);
      return droplets.delete(step.droplet.id, signal);
    }
    default:
      return step satisfies never;
  }
}

function drainFirst({ namespace }: SweepTools['pool']): string[] {
  return [
    'To drain first: have nothing made in their place, and the nodes drained, which takes no new calls and ends none. When their last calls have ended, destroy again.',
    `  doctl serverless connect ${namespace} && doctl serverless triggers list   # then: triggers disable NAME`,
    '  ebbtide-agent drain   # on each node, by its console in the control panel',
  ];
}
