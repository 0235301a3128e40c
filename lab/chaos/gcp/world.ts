import type { Happening as TwinHappening } from '../../cloud/events.ts';
import type { Instance } from '../../gcp/compute/instance.ts';
import { createMachines } from '../../gcp/compute/machines.ts';
import { createOperations } from '../../gcp/compute/operations.ts';
import { createRunningGroups } from '../../gcp/compute/running-groups.ts';
import type { FaultyService } from '../../gcp/faults.ts';
import { createMethods } from '../../gcp/front/methods.ts';
import { createHands } from '../../gcp/hands.ts';
import { functionSource } from '../../gcp/metadata/sources.ts';
import { createObjects } from '../../gcp/objects.ts';
import { createPrincipals, type Principals } from '../../gcp/principals.ts';
import type { NodeInWorld, Standing, World, WorldKit } from '../cloud.ts';
import { cloudClockOf } from '../cloud-clock.ts';
import { createFunctionLog } from '../function-log.ts';
import { createOneFault } from '../one-fault.ts';
import { startSchedule } from '../schedule.ts';
import { applyGcpStep } from './apply-step.ts';
import { createCloudRun } from './cloud-run.ts';
import { createMembers } from './machines.ts';
import { GCP_ENDPOINT, METADATA_HOST, modelOf, PLACE, PRUNER } from './model.ts';
import { saysEmpty } from './own-status.ts';
import type { GcpPlan } from './plan.ts';
import { createRetelling, tellDecisions } from './retell.ts';
import { createServices, faultOf, metadataDestination, noOutages } from './services.ts';
import type { GcpStep } from './step.ts';
import { createWish } from './wish.ts';

const TOKENS_MS = 6 * 3_600_000;
const TOLD = ['decided', 'takenOut', 'marked', 'removed', 'overtaken', 'excess', 'held', 'failures'];
const NO_CHANGE = { added: [], changed: [], removed: [] };

/** A group on the twin Google Cloud, with machines in memory and the pruner beside it, in virtual time. */
export function createGcpWorld(plan: GcpPlan, kit: WorldKit): World<GcpStep> {
  const { clock, tell } = kit;
  const model = modelOf(plan);
  const [group] = model.groups;
  const outages = noOutages();
  const fault = createOneFault<FaultyService>(faultOf(outages, clock.now));
  const principals = allowedAll(createPrincipals(clock.now));
  const sources = { model: () => model, principals, tokensMs: TOKENS_MS, now: clock.now };
  const cloudClock = cloudClockOf(clock);
  const objects = createObjects(clock.now);
  objects.provision({ added: model.buckets, changed: [], removed: [] }, NO_CHANGE);
  let lastLossAt = Number.NEGATIVE_INFINITY;

  const log = createFunctionLog(kit, { name: 'pruner', findings: ['unheard'], told: TOLD });
  const ownMetadata = metadataDestination(functionSource(PRUNER, sources), fault, clock);
  const cloudRun = createCloudRun({
    plan,
    kit,
    principals,
    write: log.write,
    wokenBy(name) {
      const member = members.named(name);
      if (member === undefined) return;
      tell({ kind: 'woken', node: member.node.id, saidEmpty: saysEmpty(objects, member.instance) });
    },
    send: kit.senderOf('functions', (url) => {
      if (url.origin === GCP_ENDPOINT) return service(url);
      return url.host === METADATA_HOST ? ownMetadata : undefined;
    }),
  });
  const members = createMembers({
    plan,
    kit,
    sources,
    fault,
    service: (url) => service(url),
    pruner: cloudRun.destination,
  });
  let isByHand = false;
  const retell = createRetelling({
    kit,
    members,
    objects,
    isByHand: () => isByHand,
    mayBeDecided: (instance) => decisions.mayBeDecided(instance),
  });
  const emit = (happening: TwinHappening) => retell(happening);
  const machines = createMachines({
    clock: cloudClock,
    wallClock: clock.now,
    seed: 'chaos',
    groupsPath: `projects/${PLACE.projectNumber}/regions/${PLACE.region}/instanceGroupManagers/`,
    emit,
    start: members.start,
  });
  machines.onOff(() => {
    lastLossAt = clock.now();
  });
  const groups = createRunningGroups({ mode: 'ebbtide', clock: cloudClock, machines, emit });
  groups.provision({ added: model.groups, changed: [], removed: [] });
  const compute = {
    place: PLACE,
    machines,
    groups,
    operations: createOperations(cloudClock, clock.now, 'chaos'),
    faults: fault,
    zones: () => group.zones,
  };
  const methods = createMethods({ model: () => model, compute, storage: { objects, now: clock.now } });
  const service = createServices({ model, methods, principals, fault, kit });
  const [autoscaler] = groups.autoscalers();
  if (autoscaler === undefined) throw new Error('the group of this world has no autoscaler');
  const wish = createWish(autoscaler, plan, clock);
  const decisions = tellDecisions({
    kit,
    members,
    objects,
    machines,
    wish,
    readSince: cloudRun.readSince,
    lastLossAt: () => lastLossAt,
  });
  const hands = createHands({ machines, groups, clock: cloudClock, emit });

  groups.begin();
  const schedule = startSchedule(clock, () => void cloudRun.wake());
  const nodes = () =>
    members.all().map(({ instance, node }): NodeInWorld => ({ node, standing: standingOf(instance) }));
  return {
    nodes,
    apply(step) {
      if (step.kind === 'abandoned') lastLossAt = clock.now();
      isByHand = true;
      applyGcpStep(step, { clock, members, hands, wish, outages, cloudRun, schedule, objects, nodes });
      isByHand = false;
    },
    alarms: log.alarms,
  };
}

function standingOf({ isGone, stoppedAt, status, action, decided }: Instance): Standing {
  if (isGone) return 'gone';
  // Its group is about to make it anew.
  if (stoppedAt !== undefined) return action === undefined ? 'stopped' : 'leaving';
  if (action === undefined) return 'kept';
  return action === 'ABANDONING' || action === 'RECREATING' || status === 'STOPPING' || decided
    ? 'leaving'
    : 'in';
}

/** Whose rights these are is tested elsewhere. */
function allowedAll(principals: Principals): Principals {
  return {
    ...principals,
    issue: (principal, validMs) => principals.issue({ ...principal, isOperator: true }, validMs),
  };
}
