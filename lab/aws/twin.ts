import { describeError } from '../../fleet/error.ts';
import type { Machine, MachineFactory } from '../machine.ts';
import { createScaledClock } from './clock.ts';
import type { Refusal, TwinEvent, TwinHappening } from './events.ts';
import { createFaults, type FaultPort } from './faults.ts';
import { createAutoScaling } from './front/autoscaling.ts';
import { createCloudWatch } from './front/cloudwatch.ts';
import { createS3 } from './front/s3.ts';
import { createFront } from './front/server.ts';
import { createSsm } from './front/ssm.ts';
import { createImds } from './imds.ts';
import type { Instance } from './instance.ts';
import { metadataOf, PRIVATE_IP } from './instance-metadata.ts';
import { createFunctions } from './lambda/functions.ts';
import { isCapacity, type LifecycleState } from './lifecycle.ts';
import type { Listener } from './listener.ts';
import { createMetrics } from './metrics.ts';
import type { AwsModel, LaunchTemplate, Role, Schedule } from './model.ts';
import { type Changes, changesOf, type ModelChanges } from './model-changes.ts';
import { runMonitor } from './monitor.ts';
import { createObjects } from './objects.ts';
import { createPrincipals } from './principals.ts';
import { createRunningGroups } from './running-groups.ts';
import type { ScalingGroup } from './scaling-group.ts';
import { runSchedule } from './schedules.ts';

export interface TwinOptions {
  /** What is provisioned at first (`applyProgram`). Any number of twins can be made of one model. */
  model: AwsModel;
  machines: MachineFactory;
  /**
   * `control`: the same provisioned stack, but hooks, termination policy, functions and the agent's unit are ignored;
   * a victim is taken away at once.
   */
  mode: 'ebbtide' | 'control';
  /**
   * How many times faster than real time the cloud's slow clocks run: alarm windows, schedules, hook timeouts,
   * warm-ups. S3 dates, function timeouts and credentials are in real time.
   */
  factor: number;
  /** What the happenings are told to, from the first on. */
  onEvent?: (event: TwinEvent) => void;
  /** How long an instance's keys are valid, in real ms. Six hours unless told. */
  credentialsMs?: number;
}

export interface TwinInstance {
  id: string;
  zone: string;
  state: LifecycleState;
  /** The twin's own clock, ms since its start. */
  launchedAt: number;
  /** The machine still runs, whatever the group says. */
  running: boolean;
}

/** A twin AWS with one account, one region and what one program provisioned in it. */
export interface TwinCloud {
  /** Where every service of it answers (AWS_ENDPOINT_URL), once it has started. */
  readonly endpoint: string;
  /** Its own clock: ms since it started. */
  now(): number;
  faults: FaultPort;
  /** Opens its servers and loads its functions; then the group begins to launch, alarms and schedules begin to run. */
  start(): Promise<void>;
  onEvent(listener: (event: TwinEvent) => void): () => void;
  /** The only one there is; throws where there is none, or another one. */
  group(): { name: string; min: number; max: number; desired: number };
  /** Those that there are. */
  groups(): readonly ScalingGroup[];
  /**
   * What is provisioned changes while the twin runs; instances that run are not disturbed. Rejects, changing nothing,
   * where AWS would refuse.
   */
  provision(model: AwsModel): Promise<void>;
  /** Every instance that the twin ever launched, the ended ones too. */
  instances(): TwinInstance[];
  /** As an operator in the console would; rejects outside [min, max]. */
  setDesiredCapacity(desired: number): void;
  /** The group lets one go for this cause, through the termination policy (as instance refresh or rebalancing does). */
  replaceOne(cause: 'INSTANCE_REFRESH' | 'MAX_INSTANCE_LIFETIME' | 'REBALANCE'): void;
  /** The group calls it unhealthy: replaced past the policy, but not past the hook. */
  markUnhealthy(instance: string): void;
  /** Taken back in two (twin) minutes, as spot instances are; nothing holds that up. */
  reclaimSpot(instance: string): void;
  recommendRebalance(instance: string): void;
  /** The machine dies, as hardware does. */
  crash(instance: string): Promise<void>;
  tag(instance: string, key: string, value: string): void;
  /** An object as it lies in a bucket, or undefined. Past all policies: for the rehearsal's own eyes. */
  object(bucket: string, key: string): string | undefined;
  putObject(bucket: string, key: string, body: string): void;
  removeObject(bucket: string, key: string): void;
  /** Every key in a bucket; none where there is no such bucket. */
  keys(bucket: string): string[];
  /** Credentials of a role for a test's own calls, as STS would give them. */
  assume(
    roleName: string,
    session: string,
  ): { accessKeyId: string; secretAccessKey: string; sessionToken: string };
  /** Credentials of a person with every right. */
  assumeOperator(): { accessKeyId: string; secretAccessKey: string; sessionToken: string };
  refused(): Refusal[];
  /** Sum over all machines of how long each ran (has run), in the twin's seconds. */
  nodeSeconds(): number;
  /** Machines that still run and are neither in the group nor on their way out. */
  leaked(): string[];
  /** Ends every machine, function and server. */
  close(): Promise<void>;
}

/** The group takes no answer of its termination policy after this long (real time, as a function's own timeout). */
const POLICY_ANSWERS_WITHIN_MS = 2000;
const SPOT_NOTICE_MS = 120_000;

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
} satisfies Partial<AwsModel>;

/** A twin of what was provisioned; nothing happens in it before `start`. */
export function createTwin(options: TwinOptions): TwinCloud {
  const { mode } = options;
  const control = mode === 'control';
  let model: AwsModel = { ...options.model, ...NOTHING };
  const clock = createScaledClock(options.factor);
  const faults = createFaults();
  const principals = createPrincipals(Date.now, currentRole);
  const objects = createObjects(Date.now);
  const metrics = createMetrics(clock.now);
  const refusals: Refusal[] = [];
  const listeners = new Set<(event: TwinEvent) => void>(options.onEvent ? [options.onEvent] : []);
  const servers: Listener[] = [];
  const schedules = new Map<string, () => void>();
  let front: Listener | undefined;
  let opening: Promise<void> | undefined;
  const credentialsMs = options.credentialsMs ?? 6 * 3_600_000;

  function emit(happening: TwinHappening): void {
    const event = { ...happening, at: Date.now(), cloudMs: clock.now() };
    for (const listener of listeners) listener(event);
  }

  function refuse(refusal: Refusal): void {
    refusals.push(refusal);
    emit({ kind: 'refused', ...refusal });
  }

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

  async function open(): Promise<void> {
    const services = [
      createS3(objects),
      createAutoScaling(groups.all, Date.now()),
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

  function runSchedules({ added, changed, removed }: Changes<Schedule>): void {
    for (const { arn } of [...removed, ...changed.map(({ before }) => before)]) {
      schedules.get(arn)?.();
      schedules.delete(arn);
    }
    for (const schedule of [...added, ...changed.map(({ after }) => after)]) {
      if (schedule.enabled) schedules.set(schedule.arn, runSchedule(schedule, model, functions, clock));
    }
  }

  /** Keys outlive what their role may do, and the role itself. */
  function currentRole(role: Role): Role {
    if (role.arn === operatorRole(model).arn) return role;
    return model.roles.find(({ arn }) => arn === role.arn) ?? { ...role, policies: [] };
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
      userData: template.userData,
      environment: { AWS_ENDPOINT_URL: endpoint(), AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url },
      privateIp: PRIVATE_IP,
      runsAgent: !control,
    });
    machine.boot().then(
      () => emit({ kind: 'booted', instance: instance.id }),
      (cause) => emit({ kind: 'boot-failed', instance: instance.id, problem: describeError(cause) }),
    );
    return machine;
  }

  return {
    get endpoint() {
      return endpoint();
    },
    now: clock.now,
    faults,
    start() {
      opening ??= open();
      return opening;
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    group() {
      const { group, desired } = groups.only();
      return { name: group.name, min: group.min, max: group.max, desired: desired() };
    },
    groups: groups.all,
    provision,
    instances: () => groups.instances().map(describeInstance),
    setDesiredCapacity(desired) {
      const { group, setDesired } = groups.only();
      if (!Number.isInteger(desired) || desired < group.min || desired > group.max) {
        throw new Error(
          `the desired capacity must be a whole number from ${group.min} to ${group.max}, not ${desired}`,
        );
      }
      setDesired(desired, 'operator', 'set by hand');
    },
    replaceOne: (cause) => groups.only().replaceOne(cause),
    markUnhealthy: (id) => groups.groupOf(id).markUnhealthy(id),
    reclaimSpot(id) {
      const realMs = SPOT_NOTICE_MS / options.factor;
      groups.instance(id).spotDeadline = Date.now() + realMs;
      groups.groupOf(id).reclaimSpot(id, SPOT_NOTICE_MS);
    },
    recommendRebalance(id) {
      groups.instance(id).rebalanceNoticedAt = Date.now();
      emit({ kind: 'notice', instance: id, notice: 'rebalance' });
    },
    crash: (id) => groups.groupOf(id).crash(id),
    tag: (id, key, value) => {
      groups.instance(id).tags.set(key, value);
    },
    object: (bucket, key) => objects.get(bucket, key)?.body.toString('utf8'),
    putObject: (bucket, key, body) => {
      objects.put(bucket, key, Buffer.from(body));
    },
    removeObject: objects.remove,
    keys: (bucket) => objects.list(bucket, '').map(({ key }) => key),
    assume(roleName, session) {
      const role = model.roles.find(({ name }) => name === roleName);
      if (!role) throw new Error(`there is no role ${roleName} in the twin`);
      return principals.issue({ role, session }, credentialsMs);
    },
    assumeOperator: () => principals.issue({ role: operatorRole(model), session: 'lab' }, credentialsMs),
    refused: () => [...refusals],
    nodeSeconds: () =>
      groups
        .instances()
        .reduce(
          (sum, { launchedAt, stoppedAt }) => sum + ((stoppedAt ?? clock.now()) - launchedAt) / 1000,
          0,
        ),
    leaked: () =>
      groups
        .instances()
        .filter(({ life, stoppedAt }) => stoppedAt === undefined && !belongs(life.state))
        .map(({ id }) => id),
    async close() {
      await opening?.catch(() => undefined);
      await groups.close();
      await functions.close();
      await Promise.all(servers.map((server) => server.close()));
      clock.stop();
    },
  };
}

function describeInstance({ id, zone, life, launchedAt, stoppedAt }: Instance): TwinInstance {
  return { id, zone, state: life.state, launchedAt, running: stoppedAt === undefined };
}

/** In the group, or on its way out. A retained machine is neither: it waits for somebody to end it. */
function belongs(state: LifecycleState): boolean {
  return (
    isCapacity(state) ||
    state === 'Terminating' ||
    state === 'Terminating:Wait' ||
    state === 'Terminating:Proceed'
  );
}

/** A person with every right, as whoever runs `pulumi` has. */
function operatorRole({ partition, account }: AwsModel): Role {
  return {
    name: 'operator',
    arn: `arn:${partition}:iam::${account}:role/operator`,
    uniqueId: 'AROAOPERATOROPERATOR',
    trusted: [],
    policies: [{ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['*'], Resource: ['*'] }] }],
  };
}
