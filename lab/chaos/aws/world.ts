import * as v from 'valibot';
import { type AgentConfig, agentConfigSchema } from '../../../fleet/agent-config.ts';
import { POOL_METRICS } from '../../../fleet/pool-metrics.ts';
import { STALE_AFTER_MS } from '../../../fleet/registry.ts';
import { LONGEST_RETRY_MS } from '../../../node-agent/core/settings.ts';
import { connect } from '../../../node-agent/run.ts';
import type { CloudClock } from '../../aws/clock.ts';
import type { TwinHappening } from '../../aws/events.ts';
import { createMetadataService } from '../../aws/imds.ts';
import type { Instance } from '../../aws/instance.ts';
import { metadataOf } from '../../aws/instance-metadata.ts';
import { isCapacity } from '../../aws/lifecycle.ts';
import { createMetrics } from '../../aws/metrics.ts';
import { createObjects } from '../../aws/objects.ts';
import { createPrincipals } from '../../aws/principals.ts';
import { createScalingGroup } from '../../aws/scaling-group.ts';
import type { Machine } from '../../machine.ts';
import type { NodeInWorld, Standing, World, WorldKit } from '../cloud.ts';
import { createMischiefs } from '../mischiefs.ts';
import { createSender, type Destination } from '../network.ts';
import { createVirtualNode, type VirtualNode } from '../node.ts';
import type { CommonStep } from '../step.ts';
import { createPoolFunctions, METRICS } from './functions.ts';
import {
  BUCKET,
  FUNCTION_ROLE,
  GROUP,
  LAUNCH_HOOK,
  modelOf,
  NODE_ROLE,
  REGION,
  TERMINATE_HOOK,
} from './model.ts';
import type { AwsPlan } from './plan.ts';
import { AWS_ENDPOINT, createOneFault, createServices, metadataDestination } from './services.ts';
import type { AwsStep } from './step.ts';

const NO_CHANGE = { added: [], changed: [], removed: [] };
const BOOT_MS = 4_000;
const KEYS_MS = 6 * 3_600_000;
const METADATA_HOST = '169.254.169.254';
const METRICS_URL = 'http://127.0.0.1:6789/metrics';
/** Beyond what the plan says of intervals and timeouts. */
const SETTLING_MS = 10_000;
/** What a termination policy is asked for; for the first two it may choose known nodes only. */
const KNOWN_ONLY = ['SCALE_IN', 'REBALANCE'];
const CHOSEN = ['SCALE_IN', 'REBALANCE', 'INSTANCE_REFRESH', 'MAX_INSTANCE_LIFETIME'];

interface Member {
  instance: Instance;
  node: VirtualNode;
  lateUntil: number;
}

/** A group on the twin AWS, with machines in memory and the functions beside it, in virtual time. */
export function createAwsWorld(plan: AwsPlan, { clock, random, tell, isOver }: WorldKit): World<AwsStep> {
  const members: Member[] = [];
  const model = modelOf(plan);
  const principals = createPrincipals(clock.now, (role) => role);
  const cloudClock = cloudClockOf(clock);
  const objects = createObjects(clock.now);
  objects.provision({ added: model.buckets, changed: [], removed: [] }, NO_CHANGE);
  const metrics = createMetrics(cloudClock.now);
  const mischiefs = createMischiefs(clock.now);
  const fault = createOneFault();
  /** Until then something may keep an agent from what it has to do. */
  let disturbedUntil = 0;

  const group = createScalingGroup({
    group: model.groups[0],
    mode: 'ebbtide',
    clock: cloudClock,
    seed: 'chaos',
    emit,
    start,
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
    send: senderOf('functions', () => undefined),
  });

  function emit(happening: TwinHappening): void {
    switch (happening.kind) {
      case 'instance': {
        const { instance, to, why } = happening;
        if (to === 'Pending') tell({ kind: 'launched', node: instance });
        tell({ kind: 'cloud', node: instance, state: to });
        if (to === 'Terminating:Retained') {
          const heldWithinMs = Math.min(plan.hookTimeoutMs, LONGEST_RETRY_MS) + SETTLING_MS;
          const disturbed = clock.now() - disturbedUntil < heldWithinMs;
          tell({ kind: 'hold-lost', node: instance, disturbed });
        }
        const unit = memberOf(instance)?.node.unit;
        if (to === 'Terminating:Proceed' && why.includes('was completed')) {
          const life = unit?.life();
          tell({
            kind: 'released',
            node: instance,
            running: life ? [life.id] : [],
            people: life?.people ?? 0,
          });
        }
        return;
      }
      case 'decision': {
        const { instance, cause } = happening;
        const blindly = KNOWN_ONLY.includes(cause) && !isHeardOf(instance);
        tell({ kind: 'wanted', node: instance, chosen: CHOSEN.includes(cause), blindly, why: cause });
        return;
      }
      case 'trouble':
        tell({ kind: 'refused', what: happening.problem });
        return;
      default:
        return;
    }
  }

  /** As the store has it, and a little longer, as the group was told before it acts. */
  function isHeardOf(instance: string): boolean {
    const status = objects.get(BUCKET, `statuses/${NODE_ROLE.uniqueId}:${instance}.json`);
    return status !== undefined && clock.now() - status.modified <= STALE_AFTER_MS + SETTLING_MS;
  }

  async function start(instance: Instance): Promise<Machine> {
    const member: Member = { instance, node: nodeOf(instance), lateUntil: 0 };
    members.push(member);
    clock.after(BOOT_MS, () => {
      if (instance.stoppedAt === undefined) member.node.boot();
    });
    return {
      id: instance.id,
      boot: async () => undefined,
      cpu: () => 0,
      async terminate() {
        const { spotDeadline } = instance;
        const reclaimed = spotDeadline !== undefined && clock.now() >= spotDeadline;
        member.node.powerOff(
          reclaimed || (!instance.healthy && instance.life.state !== 'Terminating:Proceed'),
        );
      },
    };
  }

  function nodeOf(instance: Instance): VirtualNode {
    const order = members.length;
    const source = metadataOf(instance, model.groups[0].template, model, principals, KEYS_MS, clock.now);
    const isLate = () => (members[order]?.lateUntil ?? 0) > clock.now();
    const service = createMetadataService(
      { ...source, targetState: () => (isLate() ? 'InService' : source.targetState()) },
      fault,
      clock.now,
    );
    const metadata = metadataDestination(service, fault);
    const node: VirtualNode = createVirtualNode({
      id: instance.id,
      config: configOf(plan, instance.id),
      clock,
      tell,
      isOver,
      hasMediaRegistry: plan.hasMediaRegistry,
      connect: (config, network) => connect(config, { AWS_ENDPOINT_URL: AWS_ENDPOINT }, network),
      send: senderOf(order, (url) => (url.host === METADATA_HOST ? metadata : metricsOf(() => node))),
    });
    return node;
  }

  function senderOf(caller: number | 'functions', local: (url: URL) => Destination | undefined) {
    return createSender({
      clock,
      random,
      find: (url) => {
        if (url.origin !== AWS_ENDPOINT) return local(url);
        return url.pathname === '/' ? services.api : services.store;
      },
      mischief: (way) => mischiefs.of(caller, way),
    });
  }

  function memberOf(id: string): Member | undefined {
    return members.find(({ instance }) => instance.id === id);
  }

  function apply(step: CommonStep | AwsStep): void {
    const member = 'node' in step ? members[step.node] : undefined;
    const id = member?.instance.id;
    if (step.kind !== 'room' && step.kind !== 'desired')
      disturbedUntil = Math.max(disturbedUntil, clock.now() + lastsMs(step));
    switch (step.kind) {
      case 'network':
        mischiefs.add(step);
        return;
      case 'room':
        placeRoom(step);
        return;
      case 'desired':
        group.setDesired(step.to, 'operator', 'by the schedule');
        return;
      case 'replace-one':
        group.replaceOne(step.cause);
        return;
      case 'policy-slow':
        functions.policy.slowUntil = clock.now() + step.forMs;
        functions.policy.slowMs = step.byMs;
        return;
      case 'policy-fails':
        functions.policy.failsUntil = clock.now() + step.forMs;
        return;
      case 'watcher-silent':
        functions.watcherSilentUntil = clock.now() + step.forMs;
        return;
    }
    if (member === undefined || id === undefined || member.instance.stoppedAt !== undefined) return;
    switch (step.kind) {
      case 'unhealthy':
        group.markUnhealthy(id);
        return;
      case 'ended-by-hand':
        group.terminate(id, false);
        return;
      case 'spot-notice':
        member.instance.spotDeadline = clock.now() + step.noticeMs;
        group.reclaimSpot(id, step.noticeMs);
        return;
      case 'rebalance-notice':
        member.instance.rebalanceNoticedAt = clock.now();
        return;
      case 'machine-dies':
        void group.crash(id);
        return;
      case 'late-notice':
        member.lateUntil = clock.now() + step.forMs;
        return;
      default:
        member.node.suffer(step);
    }
  }

  /** As LiveKit's nodes do among themselves: a new room goes to one that runs and does not drain. */
  function placeRoom(step: Extract<CommonStep, { kind: 'room' }>): void {
    const open = members.filter(({ node }) => node.unit.life()?.draining === false);
    const chosen = open[step.node % Math.max(1, open.length)];
    if (chosen === undefined) return;
    tell({ kind: 'room', node: chosen.node.id, people: step.people, forMs: step.forMs });
    chosen.node.suffer(step);
  }

  group.begin();
  return {
    nodes: () => members.map(({ instance, node }): NodeInWorld => ({ node, standing: standingOf(instance) })),
    apply,
    alarms() {
      const last = (name: keyof typeof POOL_METRICS) => metrics.data(METRICS, POOL_METRICS[name], {}).at(-1);
      const raised = (['stale', 'unknown', 'overdue', 'alarming'] as const).filter(
        (name) => (last(name)?.value ?? 0) > 0,
      );
      return [...raised, ...(functions.isWatcherInTrouble() ? ['watcher-silent'] : [])];
    },
  };
}

/** How long it may be felt. What is armed goes off later: nobody knows when. */
function lastsMs(step: CommonStep | AwsStep): number {
  if (step.kind === 'kill-agent' || step.kind === 'state-garbled') return Number.POSITIVE_INFINITY;
  if ('forMs' in step) return step.forMs;
  return 'downMs' in step ? step.downMs : 0;
}

function standingOf({ life, stoppedAt }: Instance): Standing {
  if (stoppedAt !== undefined || life.state === 'Terminated') return 'gone';
  if (isCapacity(life.state)) return 'in';
  return life.state === 'Terminating:Retained' ? 'kept' : 'leaving';
}

function metricsOf(node: () => VirtualNode): Destination {
  return {
    way: 'metrics',
    answer(_request, fault) {
      const page = node().unit.life()?.metrics();
      if (page === undefined) return undefined;
      if (fault === 'garbage') return { status: 200, headers: {}, body: '<html>It works!</html>' };
      return fault === undefined
        ? { status: 200, headers: {}, body: page }
        : { status: 503, headers: {}, body: '' };
    },
  };
}

function cloudClockOf(clock: WorldKit['clock']): CloudClock {
  const begunAt = clock.now();
  return {
    begin: () => undefined,
    now: () => clock.now() - begunAt,
    at: (cloudMs, action) => clock.after(begunAt + cloudMs - clock.now(), action),
    stop: () => undefined,
  };
}

function configOf(plan: AwsPlan, instance: string): AgentConfig {
  const ms = (value: number) => `${value}ms`;
  return v.parse(agentConfigSchema, {
    pool: 'chaos',
    cloud: {
      kind: 'aws',
      region: REGION,
      group: GROUP,
      launchHook: LAUNCH_HOOK,
      terminateHook: TERMINATE_HOOK,
      onRebalance: plan.onRebalance,
    },
    registry: { kind: 'bucket', bucket: BUCKET, statusName: `${NODE_ROLE.uniqueId}:${instance}` },
    media: {
      kind: 'livekit',
      metricsUrl: METRICS_URL,
      runtime: { kind: 'systemd', unit: 'livekit.service' },
    },
    scaleIn: {
      ...(plan.ceilingMs === undefined ? {} : { ceiling: ms(plan.ceilingMs) }),
      onCeiling: plan.onCeiling,
      warnAfter: ms(plan.warnAfterMs),
    },
    every: {
      tick: '2s',
      notice: '3s',
      spot: '30s',
      publish: '25s',
      tags: '60s',
      runtime: '3s',
      work: '4s',
      heartbeat: ms(plan.heartbeatMs),
    },
  });
}
