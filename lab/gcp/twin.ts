import { beginBoot } from '../cloud/begin-boot.ts';
import { createBill } from '../cloud/bill.ts';
import { createScaledClock } from '../cloud/clock.ts';
import { noticeDecision } from '../cloud/decisions.ts';
import type { Happening, TwinEvent } from '../cloud/events.ts';
import { createFaults } from '../cloud/faults.ts';
import type { Listener } from '../cloud/listener.ts';
import { textOf } from '../cloud/objects.ts';
import type { TwinRun } from '../cloud/twin-cloud.ts';
import { createWitness } from '../cloud/witness.ts';
import type { Machine } from '../machine.ts';
import type { Instance } from './compute/instance.ts';
import { createMachines } from './compute/machines.ts';
import { createOperations } from './compute/operations.ts';
import { createRunningGroups } from './compute/running-groups.ts';
import type { FaultyService } from './faults.ts';
import { createMethods } from './front/methods.ts';
import { createFront } from './front/server.ts';
import { createFunctions } from './functions/functions.ts';
import type { GcpTwin } from './gcp-twin.ts';
import { createHands } from './hands.ts';
import { type GivenRights, rightsOfPerson } from './iam/person.ts';
import { createMetadataServer } from './metadata/server.ts';
import { machineSource, PRIVATE_IP } from './metadata/sources.ts';
import type { GcpModel } from './model.ts';
import { changesOf } from './model-changes.ts';
import { createObjects } from './objects.ts';
import { zonesOf } from './place.ts';
import { createPrincipals, memberOf } from './principals.ts';
import { createScheduler } from './scheduler.ts';

export interface TwinOptions extends TwinRun {
  /** What is provisioned at first. */
  model: GcpModel;
  /** What the happenings are told to, from the first on. */
  onEvent?: (event: TwinEvent) => void;
  /** How long a token is valid, in real ms. An hour unless told. */
  tokensMs?: number;
  /** How many of anything are on one page; as many as Google's, unless told. */
  pageSize?: number;
}

/** A project in which nothing was provisioned yet. */
const NOTHING = {
  buckets: [],
  objects: [],
  secrets: [],
  serviceAccounts: [],
  roles: [],
  bindings: [],
  functions: [],
  jobs: [],
  groups: [],
} satisfies Partial<GcpModel>;

const OPERATOR = 'operator@example.com';

/** A twin of what was provisioned; nothing happens in it before `start`. */
export function createTwin(options: TwinOptions): GcpTwin {
  const { mode, tokensMs = 3_600_000 } = options;
  const control = mode === 'control';
  let model: GcpModel = { ...options.model, ...NOTHING };
  const place = { project: model.project, projectNumber: model.projectNumber, region: model.region };
  const clock = createScaledClock(options.factor);
  const faults = createFaults<FaultyService>();
  const principals = createPrincipals(Date.now);
  const objects = createObjects(Date.now);
  let people: GivenRights = { roles: [], bindings: [] };
  let persons = 0;
  const { emit, refuse, ...told } = createWitness<Happening>(clock.now, options.onEvent);
  const servers: Listener[] = [];
  let front: Listener | undefined;
  let opening: Promise<void> | undefined;

  const sources = { model: () => model, principals, tokensMs, now: Date.now };
  const machines = createMachines({
    clock,
    wallClock: Date.now,
    seed: mode,
    groupsPath: `projects/${place.projectNumber}/regions/${place.region}/instanceGroupManagers/`,
    emit,
    start: startInstance,
  });
  const groups = createRunningGroups({ mode, clock, machines, emit });
  const operations = createOperations(clock, Date.now, mode);
  const functions = createFunctions({ ...sources, faults, environment, emit, refuse });
  const scheduler = createScheduler({ functions, principals, clock, emit });
  objects.onWrite((_bucket, object) => noticeDecision(object, machines, ({ id }) => id));

  function environment(): Record<string, string> {
    return {
      CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: endpoint(),
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: endpoint(),
      CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER: endpoint(),
      CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING: endpoint(),
    };
  }

  async function open(): Promise<void> {
    const { pageSize } = options;
    const compute = {
      place,
      machines,
      groups,
      operations,
      faults,
      zones: () => zonesOf(place.region),
      pageSize,
    };
    const storage = { objects, now: Date.now, pageSize };
    const methods = createMethods({ model: () => model, compute, storage });
    front = await createFront({
      model: () => model,
      people: () => people,
      methods,
      principals,
      faults,
      refuse,
      emit,
      now: Date.now,
    });
    servers.push(front);
    if (!control) await functions.open();
    clock.begin();
    groups.begin();
    if (!control) scheduler.provision({ added: model.jobs, changed: [], removed: [] });
  }

  replaceModel(options.model);

  function replaceModel(next: GcpModel) {
    const changes = changesOf(model, next);
    model = next;
    groups.provision(changes.groups);
    objects.provision(changes.buckets, changes.objects);
    return changes;
  }

  async function provision(next: GcpModel): Promise<void> {
    const changes = replaceModel(next);
    if (front === undefined || control) return;
    await functions.provision(changes.functions);
    scheduler.provision(changes.jobs);
  }

  function endpoint(): string {
    if (!front) throw new Error('the twin Google Cloud has no address yet: await its start()');
    return front.url;
  }

  async function startInstance(instance: Instance, booted: () => void): Promise<Machine> {
    const metadata = await createMetadataServer(machineSource(instance, sources), faults);
    servers.push(metadata);
    const machine = options.machines.create({
      instanceId: instance.name,
      init: { kind: 'startup-script', script: instance.template.metadata['startup-script'] ?? '' },
      environment: { ...environment(), GCE_METADATA_HOST: metadata.host },
      privateIp: PRIVATE_IP,
      runsAgent: !control,
    });
    beginBoot(machine, instance.name, emit, booted);
    return machine;
  }

  return {
    ...createHands({ machines, groups, clock, emit }),
    ...createBill(machines.described, clock.now),
    silenceScheduler: scheduler.silence,
    get endpoint() {
      return endpoint();
    },
    environment,
    ...told,
    now: clock.now,
    faults,
    start() {
      opening ??= open();
      return opening;
    },
    groups: groups.all,
    machines: machines.all,
    instances: machines.described,
    provision,
    ...textOf(objects),
    tokenOf: (email, instance) =>
      principals.issue(
        { email, isOperator: false, ...(instance === undefined ? {} : { instance }) },
        tokensMs,
      ).token,
    personToken(rights) {
      persons += 1;
      const person = { email: `person-${persons}@example.com`, isPerson: true, isOperator: false };
      const own = rightsOfPerson(memberOf(person), rights);
      // Each has roles of his own, whatever they are called.
      const named = (name: string) => `${name} of ${person.email}`;
      const ownRoles = new Set(own.roles.map(({ name }) => name));
      people = {
        roles: [...people.roles, ...own.roles.map((role) => ({ ...role, name: named(role.name) }))],
        bindings: [
          ...people.bindings,
          ...own.bindings.map((each) =>
            ownRoles.has(each.role) ? { ...each, role: named(each.role) } : each,
          ),
        ],
      };
      return principals.issue(person, tokensMs).token;
    },
    operatorToken: () => principals.issue({ email: OPERATOR, isOperator: true }, tokensMs).token,
    identityOf: (email, audience) => principals.identify({ email, audience }),
    async close() {
      await opening?.catch(() => undefined);
      groups.close();
      await machines.close();
      await functions.close();
      await Promise.all(servers.map((server) => server.close()));
      clock.stop();
    },
  };
}
