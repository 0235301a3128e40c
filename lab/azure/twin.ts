import { describeError } from '../../fleet/error.ts';
import { beginBoot } from '../cloud/begin-boot.ts';
import { createBill } from '../cloud/bill.ts';
import { createScaledClock } from '../cloud/clock.ts';
import { noticeDecision } from '../cloud/decisions.ts';
import type { Happening, TwinEvent } from '../cloud/events.ts';
import { createFaults } from '../cloud/faults.ts';
import { type HttpReply, serve } from '../cloud/http-front.ts';
import type { Listener } from '../cloud/listener.ts';
import type { TwinRun } from '../cloud/twin-cloud.ts';
import { createWitness } from '../cloud/witness.ts';
import type { Machine } from '../machine.ts';
import type { RawRequest } from '../raw-request.ts';
import { createJobs } from './automation/jobs.ts';
import { createSchedules } from './automation/schedules.ts';
import type { AzureTwin } from './azure-twin.ts';
import { createBlobs } from './blobs.ts';
import type { Instance } from './compute/instance.ts';
import { createMachines } from './compute/machines.ts';
import { createOperations } from './compute/operations.ts';
import { createRunningSets } from './compute/running-sets.ts';
import type { FaultyService } from './faults.ts';
import { answerArm } from './front/arm.ts';
import { createAutomation } from './front/automation.ts';
import { createAutoscaleMethods } from './front/autoscale.ts';
import type { FrontOptions } from './front/caller.ts';
import { createCompute } from './front/compute.ts';
import { dispatch } from './front/dispatch.ts';
import { createRegion } from './front/region.ts';
import { createSignatures } from './front/signatures.ts';
import { createStorageAccounts } from './front/storage-accounts.ts';
import { createHands, createUnheard } from './hands.ts';
import { PRIVATE_IP } from './imds/instance-tree.ts';
import { answerImds } from './imds/service.ts';
import { createWorkflows } from './logic/workflows.ts';
import { type AzureModel, NOTHING } from './model.ts';
import { changesOf } from './model-changes.ts';
import { createAlerts } from './monitor/alerts.ts';
import { accountOf, blobEndpoint } from './place.ts';
import { AUDIENCES, createPrincipals, OPERATOR } from './principals.ts';
import type { Roles } from './roles/access.ts';
import { rolesOfPerson } from './roles/person.ts';

export interface TwinOptions extends TwinRun {
  /** What is provisioned at first. */
  model: AzureModel;
  /** What the happenings are told to, from the first on. */
  onEvent?: (event: TwinEvent) => void;
  /** How long a token is valid, in real ms. An hour unless told. */
  tokensMs?: number;
  /** How long its services take over each answer, in real ms. */
  answerMs?: number;
  /** How many of anything are on one page; as many as Azure's, unless told. */
  pageSize?: number;
  /** Hears what the resource manager was asked and has answered. */
  onExchange?: (request: RawRequest, reply: HttpReply) => void;
  /** Real time, ms since the epoch, where it is to be another than this machine's. */
  wallClock?: () => number;
  /** Hears every request before and after it is carried out. `silence`: then nobody answers it. */
  intervene?: Intervene;
}

/** What is said in place of the twin's own answer. */
export type Intervene = (request: RawRequest, when: 'before' | 'after') => 'silence' | HttpReply | undefined;

const MANAGER = ['management.azure.com'];

/** A twin of what was provisioned; nothing happens in it before `start`. */
export function createTwin(options: TwinOptions): AzureTwin {
  const { mode, factor, pageSize, tokensMs = 3_600_000, wallClock = Date.now } = options;
  const { answerMs = 0, intervene } = options;
  const control = mode === 'control';
  const { endpoint } = options.model;
  let model: AzureModel = { ...options.model, ...NOTHING };
  const clock = createScaledClock(factor);
  const faults = createFaults<FaultyService>();
  const principals = createPrincipals(wallClock);
  const blobs = createBlobs(wallClock);
  const signatures = createSignatures();
  const { emit, refuse, ...told } = createWitness<Happening>(clock.now, options.onEvent);
  const servers: Listener[] = [];
  let opening: Promise<void> | undefined;

  let people: Roles = { roles: [], assignments: [] };
  const { withhold, isUnheard } = createUnheard();
  const tokens = { principals, tokensMs, now: wallClock };
  const front: FrontOptions = {
    model: () => model,
    people: () => people,
    principals,
    faults,
    isUnheard,
    now: wallClock,
    refuse,
  };
  const machines = createMachines({ clock, wallClock: Date.now, seed: mode, emit, start: startInstance });
  const sets = createRunningSets({ mode, clock, machines, emit });
  const operations = createOperations(clock, Date.now, mode);
  const jobs = createJobs({ model: () => model, faults, endpoint: () => endpoint, now: Date.now, emit });
  const schedules = createSchedules(jobs, clock, emit);
  const workflows = createWorkflows({
    workflows: () => model.workflows,
    ...tokens,
    faults,
    clock,
    send,
    emit,
  });
  const alerts = createAlerts({
    clock,
    sets,
    actionGroups: () => model.actionGroups,
    call,
    wallClock: Date.now,
    emit,
  });
  blobs.onWrite((container, { name, body }) =>
    noticeDecision({ key: `${container}/${name}`, body }, machines, ({ vmId }) => vmId),
  );

  const compute = {
    sets,
    machines,
    operations,
    faults,
    endpoint: () => endpoint,
    location: () => model.location,
  };
  const arm = {
    ...front,
    onExchange: options.onExchange,
    methods: [
      ...createCompute({ ...compute, pageSize }),
      ...createAutoscaleMethods(sets, () => model.location),
      ...createStorageAccounts(signatures, () => model),
      ...createAutomation(jobs, () => model),
      ...createRegion({
        machines: () => sets.all().map(({ set, members }) => ({ size: set.vmSize, count: members().length })),
        sets: () => sets.all().map(({ set: { id, name, location, tags } }) => ({ id, name, location, tags })),
        location: () => model.location,
      }),
    ],
  };
  const services = { arm, blob: { ...front, blobs, signatures, pageSize }, workflows, jobs, tokens };

  /** Wherever it is in the twin: Azure's own name of the resource manager leads there too. */
  async function send(url: URL, request: Omit<RawRequest, 'target'>): Promise<HttpReply | undefined> {
    const whole = { ...request, target: `${url.pathname}${url.search}` };
    if (MANAGER.includes(url.hostname)) return answerArm(whole, arm);
    if (url.origin === new URL(endpoint).origin) return dispatch(whole, services);
    throw new Error(`nothing of the twin answers at ${url.origin}`);
  }

  async function call(url: string, body: object): Promise<void> {
    try {
      const reply = await send(new URL(url), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'alert' },
        body: Buffer.from(JSON.stringify(body)),
      });
      if (reply === undefined || reply.status < 300) return;
      const problem = `HTTP ${reply.status}: ${reply.body.toString()}`;
      emit({ kind: 'invocation-failed', function: 'action group', event: 'alert', problem, tookMs: 0 });
    } catch (cause) {
      emit({ kind: 'trouble', problem: `an alert calls what is not there: ${describeError(cause)}` });
    }
  }

  async function open(): Promise<void> {
    const trouble = (problem: string) => emit({ kind: 'trouble', problem });
    const answer = async (request: RawRequest) => {
      if (answerMs > 0) await new Promise((resolve) => setTimeout(resolve, answerMs));
      const reply = intervene?.(request, 'before') ?? dispatch(request, services);
      const said = intervene?.(request, 'after') ?? reply;
      return said === 'silence' ? undefined : said;
    };
    servers.push(await serve(answer, trouble, Number(new URL(endpoint).port)));
    clock.begin();
    sets.begin();
    if (!control) wakeUp(changesOf({ ...model, ...NOTHING }, model));
  }

  /** What starts by itself, and wakes the runbook. */
  function wakeUp(changes: ReturnType<typeof changesOf>): void {
    alerts.provision(changes.alerts);
    workflows.provision(changes.workflows);
    schedules.provision(changes.jobSchedules);
  }

  replaceModel(options.model);

  function replaceModel(next: AzureModel) {
    const changes = changesOf(model, next);
    model = next;
    sets.provision(changes.scaleSets, changes.autoscaleSettings);
    blobs.provision(changes.containers, changes.blobs);
    return changes;
  }

  /** Where Azure's services are for who runs in this twin. */
  function environment(): Record<string, string> {
    const [account] = model.accounts;
    return {
      AZURE_RESOURCE_MANAGER_ENDPOINT: endpoint,
      ...(account && { AZURE_STORAGE_BLOB_ENDPOINT: blobEndpoint(model, account.name) }),
    };
  }

  async function startInstance(instance: Instance, booted: () => void): Promise<Machine> {
    const imds = {
      ...tokens,
      model: () => model,
      faults,
      events: ({ set }: Instance) => sets.find(set.id)?.events,
      realTime: (cloudMs: number) => Date.now() + (cloudMs - clock.now()) / factor,
    };
    const server = await serve(
      (request) => answerImds(instance, request, imds),
      (problem) => emit({ kind: 'trouble', problem }),
    );
    servers.push(server);
    const machine = options.machines.create({
      instanceId: instance.name,
      init: { kind: 'cloud-config', userData: instance.set.customData },
      environment: { ...environment(), AZURE_POD_IDENTITY_AUTHORITY_HOST: server.url },
      privateIp: PRIVATE_IP,
      runsAgent: !control,
    });
    beginBoot(machine, instance.name, emit, booted);
    return machine;
  }

  /** `container/blob`, as the registry calls what the pool's one account holds. */
  function inContainer(key: string): [container: string, name: string] {
    const slash = key.indexOf('/');
    return [key.slice(0, slash), key.slice(slash + 1)];
  }

  return {
    ...createHands({ machines, sets, emit }),
    ...createBill(machines.described, clock.now),
    fireAlert: alerts.fire,
    silenceAlerts: alerts.silence,
    silenceSchedules: schedules.silence,
    withholdRoles: withhold,
    jobs: jobs.all,
    suspendJob: jobs.suspend,
    resumeJob: jobs.resume,
    stopJob: jobs.stop,
    endpoint,
    environment,
    ...told,
    now: clock.now,
    faults,
    start() {
      opening ??= open();
      return opening;
    },
    scaleSets: sets.all,
    autoscaleSettings: () => sets.all().flatMap(({ set }) => sets.autoscale(set.id)?.setting ?? []),
    machines: machines.all,
    instances: machines.described,
    async provision(next) {
      const changes = replaceModel(next);
      if (opening !== undefined && !control) wakeUp(changes);
    },
    object: (store, key) => blobs.get(accountOf(store), ...inContainer(key))?.body.toString('utf8'),
    putObject: (store, key, body) => {
      blobs.put(accountOf(store), ...inContainer(key), Buffer.from(body));
    },
    removeObject: (store, key) => blobs.remove(accountOf(store), ...inContainer(key)),
    keys(store) {
      const account = accountOf(store);
      return blobs
        .containers(account)
        .flatMap(({ name }) => blobs.list(account, name, '').map((blob) => `${name}/${blob.name}`));
    },
    tokenOf: (principalId, audience, instance) =>
      principals.issue(
        {
          id: principalId,
          clientId: principalId,
          name: instance ?? principalId,
          isOperator: false,
          ...(instance === undefined ? {} : { instance }),
        },
        audience,
        tokensMs,
      ).token,
    personToken(role, scopes) {
      const id = `person-${people.roles.length + 1}`;
      const own = rolesOfPerson(id, role, scopes);
      people = {
        roles: [...people.roles, ...own.roles],
        assignments: [...people.assignments, ...own.assignments],
      };
      const person = { id, clientId: id, name: `${id}@example.com`, isOperator: false };
      return principals.issue(person, AUDIENCES.arm[0], tokensMs).token;
    },
    operatorToken: (audience) => principals.issue(OPERATOR, audience, tokensMs).token,
    async close() {
      await opening?.catch(() => undefined);
      alerts.close();
      schedules.close();
      workflows.close();
      sets.close();
      await jobs.close();
      await machines.close();
      await Promise.all(servers.map((server) => server.close()));
      clock.stop();
    },
  };
}
