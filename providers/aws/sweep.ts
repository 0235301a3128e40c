import { AwsError } from '../../fleet/aws/client.ts';
import type { Registry } from '../../fleet/registry.ts';
import { type SweepTools as LoopTools, sweepPool } from '../sweep-loop.ts';
import { READ_BUDGET_MS } from '../sweep-state.ts';
import { planSweep, type SweepStep, type SweepWorld } from './sweep-plan.ts';
import type { SweptGroup } from './swept-group.ts';

export interface SweepTools
  extends Pick<LoopTools<SweepWorld, SweepStep>, 'onDestroy' | 'now' | 'sleep' | 'say' | 'deadlineMs'> {
  pool: { pool: string; group: string; region: string; profile?: string | undefined };
  group: SweptGroup;
  registry: Pick<Registry, 'readFleet'>;
}

/** A right is missing, or the keys are no more, or no account's. */
const HOPELESS = [
  'AccessDenied',
  'AccessDeniedException',
  'Credentials',
  'ExpiredToken',
  'InvalidClientTokenId',
  'UnauthorizedOperation',
  'UnrecognizedClientException',
];

/** No second attempt makes that right. */
export function isHopeless(cause: unknown): boolean {
  return cause instanceof AwsError && HOPELESS.includes(cause.code);
}

/** Empties an Auto Scaling group, whose machines AWS ends. */
export function sweep({ pool, group, registry, ...rest }: SweepTools): Promise<void> {
  return sweepPool({
    ...rest,
    pool: { ...pool, drainFirst: drainFirst(pool) },
    async read() {
      const [state, fleet] = await Promise.all([
        group.read(),
        registry.readFleet(AbortSignal.timeout(READ_BUDGET_MS)),
      ]);
      return { group: state, fleet };
    },
    plan: planSweep,
    carryOut: (step) => carryOutStep(step, group),
    isOfWhole: ({ kind }) => kind === 'ask-for-none' || kind === 'stop-retaining',
    isHopeless,
  });
}

function carryOutStep(step: SweepStep, group: SweptGroup): Promise<void> {
  switch (step.kind) {
    case 'ask-for-none':
      return group.askForNone();
    case 'stop-retaining':
      return group.stopRetaining();
    case 'terminate':
      return group.terminate(step.node);
    case 'complete':
      return group.complete(step.node);
  }
}

function drainFirst({ group, region, profile }: SweepTools['pool']): string[] {
  const as = profile === undefined ? '' : ` --profile ${profile}`;
  return [
    'To drain first: let the group ask for no nodes. Each leaves as its last call ends; when they are gone, destroy again.',
    `  aws autoscaling update-auto-scaling-group --region ${region}${as} --auto-scaling-group-name ${group} --min-size 0 --max-size 0 --desired-capacity 0`,
  ];
}
