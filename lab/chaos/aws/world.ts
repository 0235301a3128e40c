import { POOL_METRICS } from '../../../fleet/pool-metrics.ts';
import type { AwsFaulty } from '../../aws/aws-twin.ts';
import type { Instance } from '../../aws/instance.ts';
import { isCapacity } from '../../aws/lifecycle.ts';
import { createMetrics } from '../../aws/metrics.ts';
import { createObjects } from '../../aws/objects.ts';
import { createPrincipals } from '../../aws/principals.ts';
import { createScalingGroup } from '../../aws/scaling-group.ts';
import type { NodeInWorld, Standing, World, WorldKit } from '../cloud.ts';
import { cloudClockOf } from '../cloud-clock.ts';
import { createOneFault } from '../one-fault.ts';
import { applyAwsStep } from './apply-step.ts';
import { createPoolFunctions, METRICS } from './functions.ts';
import { createMembers, KEYS_MS } from './machines.ts';
import { FUNCTION_ROLE, modelOf } from './model.ts';
import type { AwsPlan } from './plan.ts';
import { createRetelling } from './retell.ts';
import { AWS_ENDPOINT, createServices } from './services.ts';
import type { AwsStep } from './step.ts';

const NO_CHANGE = { added: [], changed: [], removed: [] };

/** A group on the twin AWS, with machines in memory and the functions beside it, in virtual time. */
export function createAwsWorld(plan: AwsPlan, kit: WorldKit): World<AwsStep> {
  const { clock, random, tell } = kit;
  const model = modelOf(plan);
  const principals = createPrincipals(clock.now, (role) => role);
  const cloudClock = cloudClockOf(clock);
  const objects = createObjects(clock.now);
  objects.provision({ added: model.buckets, changed: [], removed: [] }, NO_CHANGE);
  const metrics = createMetrics(cloudClock.now);
  const fault = createOneFault<AwsFaulty>();
  const service = (url: URL) => (url.pathname === '/' ? services.api : services.store);
  const members = createMembers({ plan, model, kit, principals, fault, service });
  const group = createScalingGroup({
    group: model.groups[0],
    mode: 'ebbtide',
    clock: cloudClock,
    seed: 'chaos',
    emit: createRetelling(plan, kit, members, objects),
    start: members.start,
    askPolicy: ({ event }) => functions.askPolicy(event),
  });
  const services = createServices({
    model,
    group,
    objects,
    principals,
    metrics,
    fault,
    clock,
    refused: (what) => tell({ kind: 'refused', what }),
  });
  const functions = createPoolFunctions({
    plan,
    clock,
    random,
    tell,
    keys: principals.issue({ role: FUNCTION_ROLE, session: 'functions' }, KEYS_MS),
    send: kit.senderOf('functions', (url) => (url.origin === AWS_ENDPOINT ? service(url) : undefined)),
  });

  group.begin();
  return {
    nodes: () =>
      members.all().map(({ instance, node }): NodeInWorld => ({ node, standing: standingOf(instance) })),
    apply: (step) => applyAwsStep(step, { now: clock.now, group, functions, members }),
    alarms() {
      const last = (name: keyof typeof POOL_METRICS) => metrics.data(METRICS, POOL_METRICS[name], {}).at(-1);
      const raised = (['stale', 'unknown', 'overdue', 'alarming'] as const).filter(
        (name) => (last(name)?.value ?? 0) > 0,
      );
      return [...raised, ...(functions.isWatcherInTrouble() ? ['watcher-silent'] : [])];
    },
  };
}

function standingOf({ life, stoppedAt }: Instance): Standing {
  if (stoppedAt !== undefined || life.state === 'Terminated') return 'gone';
  if (isCapacity(life.state)) return 'in';
  return life.state === 'Terminating:Retained' ? 'kept' : 'leaving';
}
