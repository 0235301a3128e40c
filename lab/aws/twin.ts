import { beginBoot } from '../cloud/begin-boot.ts';
import { createBill } from '../cloud/bill.ts';
import { createScaledClock } from '../cloud/clock.ts';
import { createFaults } from '../cloud/faults.ts';
import type { Listener } from '../cloud/listener.ts';
import { textOf } from '../cloud/objects.ts';
import { createWitness } from '../cloud/witness.ts';
import type { Machine } from '../machine.ts';
import type { AwsFaulty, AwsInstance, AwsTwin, AwsTwinOptions } from './aws-twin.ts';
import type { AwsHappening } from './events.ts';
import { createAutoScaling } from './front/autoscaling.ts';
import { createCloudWatch } from './front/cloudwatch.ts';
import { createLoadBalancing } from './front/load-balancing.ts';
import { createS3 } from './front/s3.ts';
import { createFront } from './front/server.ts';
import { createSsm } from './front/ssm.ts';
import { createHands } from './hands.ts';
import { createImds } from './imds.ts';
import type { Instance } from './instance.ts';
import { metadataOf, PRIVATE_IP } from './instance-metadata.ts';
import { createFunctions } from './lambda/functions.ts';
import { createMetrics } from './metrics.ts';
import type { AwsModel, LaunchTemplate, Role } from './model.ts';
import { changesOf, type ModelChanges } from './model-changes.ts';
import { runMonitor } from './monitor.ts';
import { createObjects } from './objects.ts';
import { createPrincipals } from './principals.ts';
import { currentRole, operatorRole, personRole, roleNamed } from './roles.ts';
import { createRunningGroups } from './running-groups.ts';
import { createRunningSchedules } from './running-schedules.ts';
import { standingOf } from './standing.ts';
import { createTargetGroups } from './target-groups.ts';

/** The group takes no answer of its termination policy after this long (real time, as a function's own timeout). */
const POLICY_ANSWERS_WITHIN_MS = 2000;

/** An account in which nothing was provisioned yet. */
const NOTHING = {
  buckets: [],
  objects: [],
  parameters: [],
  roles: [],
  functions: [],
  schedules: [],
  alarms: [],
  groups: [],
  targetGroups: [],
} satisfies Partial<AwsModel>;

/** A twin of what was provisioned; nothing happens in it before `start`. */
export function createTwin(options: AwsTwinOptions): AwsTwin {
  const { mode } = options;
  const control = mode === 'control';
  let model: AwsModel = { ...options.model, ...NOTHING };
  const clock = createScaledClock(options.factor);
  const faults = createFaults<AwsFaulty>();
  const people = new Map<string, Role>();
  const principals = createPrincipals(Date.now, (role) => people.get(role.arn) ?? currentRole(role, model));
  const objects = createObjects(Date.now);
  const targetGroups = createTargetGroups(() => model.targetGroups);
  const metrics = createMetrics(clock.now);
  const { emit, refuse, ...told } = createWitness<AwsHappening>(clock.now, options.onEvent);
  const servers: Listener[] = [];
  let front: Listener | undefined;
  let opening: Promise<void> | undefined;
  const credentialsMs = options.credentialsMs ?? 6 * 3_600_000;

  const groups = createRunningGroups({
    mode,
    clock,
    emit,
    start: startInstance,
    askPolicy: ({ policy, group, event }) =>
      functions.invoke(
        policy,
        { kind: 'role', arn: group.serviceLinkedRole, trustedBy: 'autoscaling.amazonaws.com' },
        event,
        POLICY_ANSWERS_WITHIN_MS,
      ),
  });
  const functions = createFunctions({
    model: () => model,
    principals,
    faults,
    metrics,
    endpoint: () => endpoint(),
    emit,
    refuse,
  });
  const runSchedules = createRunningSchedules(() => model, functions, clock);

  async function open(): Promise<void> {
    const services = [
      createS3(objects),
      createAutoScaling(groups.all, Date.now()),
      createLoadBalancing(targetGroups, (id) =>
        groups.instances().some((instance) => instance.id === id && instance.stoppedAt === undefined),
      ),
      createCloudWatch(metrics),
      createSsm(() => model.parameters, model),
    ];
    front = await createFront({
      region: model.region,
      services,
      principals,
      faults,
      refuse,
      emit,
      now: Date.now,
    });
    servers.push(front);
    if (!control) await functions.warm();
    clock.begin();
    groups.begin();
    if (control) return;
    runMonitor(() => model.alarms, groups.all, metrics, clock, emit);
    runSchedules({ added: model.schedules, changed: [], removed: [] });
  }

  replaceModel(options.model);

  /** First what AWS may refuse. */
  function replaceModel(next: AwsModel): ModelChanges {
    const changes = changesOf(model, next);
    groups.provision(changes.groups);
    model = next;
    objects.provision(changes.buckets, changes.objects);
    return changes;
  }

  async function provision(next: AwsModel): Promise<void> {
    const changes = replaceModel(next);
    if (front === undefined || control) return;
    runSchedules(changes.schedules);
    await functions.provision(changes.functions);
    await functions.warm();
  }

  function endpoint(): string {
    if (!front) throw new Error('the twin AWS has no address yet: await its start()');
    return front.url;
  }

  async function startInstance(instance: Instance, template: LaunchTemplate): Promise<Machine> {
    const imds = await createImds(metadataOf(instance, template, model, principals, credentialsMs), faults);
    servers.push(imds);
    const machine = options.machines.create({
      instanceId: instance.id,
      init: { kind: 'cloud-config', userData: template.userData },
      environment: { AWS_ENDPOINT_URL: endpoint(), AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url },
      privateIp: PRIVATE_IP,
      runsAgent: !control,
    });
    beginBoot(machine, instance.id, emit);
    return machine;
  }

  return {
    ...createHands(groups, options.factor, emit),
    ...createBill(() => groups.instances().map(billed), clock.now),
    targetsOf: (arn) => [...(targetGroups.targets(arn)?.keys() ?? [])],
    instances: () => groups.instances().map(describeInstance),
    get endpoint() {
      return endpoint();
    },
    ...told,
    now: clock.now,
    faults,
    start() {
      opening ??= open();
      return opening;
    },
    groups: groups.all,
    provision,
    ...textOf(objects),
    assume: (roleName, session) =>
      principals.issue({ role: roleNamed(roleName, model), session }, credentialsMs),
    assumePerson(policy) {
      const role = personRole(model, `person-${people.size + 1}`, policy);
      people.set(role.arn, role);
      return principals.issue({ role, session: 'lab' }, credentialsMs);
    },
    assumeOperator: () => principals.issue({ role: operatorRole(model), session: 'lab' }, credentialsMs),
    async close() {
      await opening?.catch(() => undefined);
      await groups.close();
      await functions.close();
      await Promise.all(servers.map((server) => server.close()));
      clock.stop();
    },
  };
}

function describeInstance(instance: Instance): AwsInstance {
  const { stoppedAt, ...description } = billed(instance);
  return { ...description, running: stoppedAt === undefined };
}

function billed({ id, zone, life: { state }, launchedAt, stoppedAt }: Instance) {
  return { id, zone, state, standing: standingOf(state), launchedAt, stoppedAt };
}
