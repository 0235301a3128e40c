import { createBlobs } from '../../azure/blobs.ts';
import type { Instance } from '../../azure/compute/instance.ts';
import { createMachines } from '../../azure/compute/machines.ts';
import { createOperations } from '../../azure/compute/operations.ts';
import { createRunningSets, type RunningSets } from '../../azure/compute/running-sets.ts';
import type { RunningScaleSet } from '../../azure/compute/scale-set.ts';
import type { FaultyService } from '../../azure/faults.ts';
import { createAutomation } from '../../azure/front/automation.ts';
import { createCompute } from '../../azure/front/compute.ts';
import { createSignatures } from '../../azure/front/signatures.ts';
import { createHands } from '../../azure/hands.ts';
import { NOTHING } from '../../azure/model.ts';
import { changesOf } from '../../azure/model-changes.ts';
import { createPrincipals } from '../../azure/principals.ts';
import type { Happening as TwinHappening } from '../../cloud/events.ts';
import type { NodeInWorld, Standing, World, WorldKit } from '../cloud.ts';
import { cloudClockOf } from '../cloud-clock.ts';
import { createHearsay } from '../hearsay.ts';
import { createLoad, FULL } from '../load.ts';
import { createOneFault } from '../one-fault.ts';
import { applyAzureStep } from './apply-step.ts';
import { createVirtualJobs } from './jobs.ts';
import { createLogicApp } from './logic-app.ts';
import { createMembers, type Member } from './machines.ts';
import { ENDPOINT, jobOf, MIN_SERVING, modelOf, TARGET_CPU } from './model.ts';
import type { AzurePlan } from './plan.ts';
import { createProtectionCheck } from './protection.ts';
import { createRetelling, tellDecisions } from './retell.ts';
import { createRights } from './rights.ts';
import type { Runbooks } from './runbook.ts';
import { createRunbookLog } from './runbook-log.ts';
import { createServices, faultOf, noOutages } from './services.ts';
import type { AzureStep } from './step.ts';
import { startWaking } from './waking.ts';

/** Fewer than most of its sets have. */
const PAGE_SIZE = 2;
const FULL_CPU = TARGET_CPU * FULL;
/** In the middle of what so many can carry and one less cannot. */
const BELOW = 0.5;
const TOKENS_MS = 6 * 3_600_000;

/** A scale set on the twin Azure, with machines in memory and the real runbook beside it, in virtual time. */
export function createAzureWorld(plan: AzurePlan, kit: WorldKit, runbooks: Runbooks): World<AzureStep> {
  const { clock, tell } = kit;
  const model = modelOf(plan);
  const outages = noOutages();
  const fault = createOneFault<FaultyService>(faultOf(outages, clock.now));
  const rights = createRights(clock.now);
  const principals = rights.among(createPrincipals(clock.now));
  const tokens = { principals, tokensMs: TOKENS_MS, now: clock.now };
  const cloudClock = cloudClockOf(clock);
  const begunAt = clock.now();
  const blobs = createBlobs(clock.now);
  const load = createLoad({ needed: plan.needed, fullCpu: FULL_CPU, below: BELOW });
  const hearsay = createHearsay<Instance>({
    idOf: ({ vmId }) => vmId,
    createdAt: ({ createdAt }) => createdAt,
    now: clock.now,
    fullCpu: FULL_CPU,
    minServing: MIN_SERVING,
    leastUnheard: () => 1,
  });
  blobs.onWrite((container, { body, modifiedAt }) => {
    if (container === 'statuses') hearsay.wrote(body.toString(), modifiedAt);
  });
  const log = createRunbookLog(kit);
  let lastLossAt = Number.NEGATIVE_INFINITY;

  function emit(happening: TwinHappening): void {
    const isLoss =
      happening.kind === 'instance' && (happening.standing === 'leaving' || happening.standing === 'gone');
    if (isLoss) lastLossAt = clock.now();
    retell(happening);
  }

  const send = kit.senderOf('functions', (url) => (url.origin === ENDPOINT ? service(url) : undefined));
  const jobs = createVirtualJobs({
    kit,
    runbooks,
    send,
    began: (job) => protection.began(job),
    ended(job, how) {
      log.read(job, how);
      for (const instance of protection.ended(job, how)) {
        const member = members.of(instance);
        if (member !== undefined) tell({ kind: 'hold-lost', node: member.node.id, disturbed: false });
      }
    },
  });
  const { workflows, wake } = createLogicApp(send, {
    workflows: () => model.workflows,
    ...tokens,
    faults: fault,
    clock: cloudClock,
    emit,
  });
  const members = createMembers({
    plan,
    kit,
    load,
    fault,
    imds: { ...tokens, model: () => model, faults: fault, realTime: (cloudMs) => begunAt + cloudMs },
    events: () => set.events,
    saysEmpty: hearsay.saysEmpty,
    service: (url) => service(url),
  });
  const retell = createRetelling(kit, members);
  const machines = createMachines({
    clock: cloudClock,
    wallClock: clock.now,
    seed: 'chaos',
    emit,
    start: members.start,
  });
  const protection = createProtectionCheck(machines, (since) => outages.operationsFailUntil >= since);
  const sets = createRunningSets({ mode: 'ebbtide', clock: cloudClock, machines, emit });
  const compute = {
    sets,
    machines,
    operations: createOperations(cloudClock, clock.now, 'chaos'),
    faults: fault,
    endpoint: () => ENDPOINT,
    location: () => model.location,
    pageSize: PAGE_SIZE,
  };
  const front = {
    ...tokens,
    model: () => model,
    faults: fault,
    isUnheard: rights.isUnheard,
    refuse: ({ action, resource, why }: { action: string; resource: string; why: string }) =>
      tell({ kind: 'refused', what: `${action} on ${resource}: ${why}` }),
  };
  const service = createServices({
    fault,
    outages,
    clock,
    arm: { ...front, methods: [...createCompute(compute), ...createAutomation(jobs, () => model)] },
    blob: { ...front, blobs, signatures: createSignatures() },
    workflows,
    jobs,
    tokens,
  });
  const changes = changesOf({ ...model, ...NOTHING }, model);
  blobs.provision(changes.containers, changes.blobs);
  const decisions = tellDecisions({
    kit,
    members,
    machines,
    blobs,
    hearsay,
    readSince: jobs.readSince,
    lastLossAt: () => lastLossAt,
  });
  sets.provision(changes.scaleSets, changes.autoscaleSettings);
  const set = setOf(sets);

  /** As Azure measures it: of every machine that runs. */
  function isLow(): boolean {
    const running = machines.present().filter(({ power }) => power === 'running');
    const percents = running.map(({ machine }) => machine?.cpu() ?? 0);
    return percents.reduce((sum, each) => sum + each, 0) < running.length * FULL_CPU * 100;
  }

  const waking = startWaking({
    clock,
    every: plan.wakes,
    isLow,
    alert: wake,
    schedule: () => jobs.create(jobOf(plan), 'schedule'),
  });
  const hands = createHands({ machines, sets, emit });
  const reach = {
    ...{ clock, members, machines, set, hands, load, outages, rights, jobs, waking, blobs, hearsay },
    renewed: decisions.again,
    nodes: () =>
      members.all().map((member): NodeInWorld => ({ node: member.node, standing: standingOf(member) })),
    lost() {
      lastLossAt = clock.now();
    },
  };

  function standingOf(member: Member): Standing {
    const { isGone, stoppedAt, provisioning, decided } = member.instance;
    // Of what is made anew, what was before is gone.
    if (isGone || !members.isLatest(member)) return 'gone';
    const isLeaving = provisioning === 'Deleting' || decided;
    // Nobody but a person knows whether what is off, and was not to go, shall be again.
    if (stoppedAt !== undefined) return isLeaving ? 'stopped' : 'in';
    return isLeaving ? 'leaving' : 'in';
  }

  sets.begin();
  return {
    nodes: reach.nodes,
    apply: (step) => applyAzureStep(step, reach),
    alarms: log.alarms,
  };
}

function setOf(sets: RunningSets): RunningScaleSet {
  const [set] = sets.all();
  if (set === undefined) throw new Error('this world has no scale set');
  return set;
}
