import { randomBytes } from 'node:crypto';
import { createObjects } from '../aws/objects.ts';
import { beginBoot } from '../cloud/begin-boot.ts';
import { createBill } from '../cloud/bill.ts';
import { createScaledClock } from '../cloud/clock.ts';
import { noticeDecision } from '../cloud/decisions.ts';
import type { Happening, TwinEvent } from '../cloud/events.ts';
import { createFaults } from '../cloud/faults.ts';
import { type HttpReply, serve } from '../cloud/http-front.ts';
import type { Listener } from '../cloud/listener.ts';
import { textOf } from '../cloud/objects.ts';
import type { TwinRun } from '../cloud/twin-cloud.ts';
import { createWitness } from '../cloud/witness.ts';
import type { Machine } from '../machine.ts';
import type { RawRequest } from '../raw-request.ts';
import { deployedIn } from './deployed.ts';
import type { Droplet } from './droplets/droplet.ts';
import { createDroplets, wantedOf } from './droplets/droplets.ts';
import { createTagBook } from './droplets/tag-book.ts';
import type { OceanFaulty } from './faults.ts';
import { createApi } from './front/api.ts';
import { createRates, type RateLimits } from './front/rates.ts';
import { PRIVATE_IP } from './front/views.ts';
import { createActivations } from './functions/activations.ts';
import { createScheduler } from './functions/scheduler.ts';
import { createThrottle, FUNCTION_LIMITS, type FunctionLimits } from './functions/throttle.ts';
import { createWeb, WEB } from './functions/web.ts';
import { createFunctionsApi } from './functions-api/functions-api.ts';
import type { FunctionsModel } from './functions-api/model.ts';
import { createHands } from './hands.ts';
import { createMetadataServer } from './metadata.ts';
import type { OceanModel, SpacesKey } from './model.ts';
import { changesOf } from './model-changes.ts';
import type { OceanTwin } from './ocean-twin.ts';
import { beginPlainOrchestrator } from './plain-orchestrator.ts';
import { createSpaces } from './spaces.ts';
import { createTokens } from './tokens.ts';
import { createUptime } from './uptime.ts';

export interface TwinOptions extends TwinRun {
  /** What is provisioned at first. */
  model: OceanModel;
  /** What the happenings are told to, from the first on. */
  onEvent?: (event: TwinEvent) => void;
  /** Hears what was asked of the API and of Functions, and has been answered. */
  onExchange?: (request: RawRequest, reply: HttpReply) => void;
  /** How often a token may ask; as DigitalOcean has it, unless told. */
  rates?: RateLimits;
  /** How much a namespace may run; as DigitalOcean has it, unless told. */
  functionLimits?: FunctionLimits;
  /** How long whoever calls a web function is let wait, in real ms; 30 s unless told. */
  asyncAfterMs?: number;
}

const RATES: RateLimits = { hour: 5_000, minute: 250 };
const ASYNC_AFTER_MS = 30_000;
const DROPLET_LIMIT = 25;

/** A twin of what was provisioned; nothing happens in it before `start`. */
export function createTwin(options: TwinOptions): OceanTwin {
  const { mode, onExchange, rates = RATES, asyncAfterMs = ASYNC_AFTER_MS } = options;
  const { functionLimits = FUNCTION_LIMITS } = options;
  const control = mode === 'control';
  const { endpoint } = options.model.place;
  let model: OceanModel = { ...options.model, tags: [], buckets: [], objects: [] };
  const clock = createScaledClock(options.factor);
  const faults = createFaults<OceanFaulty>();
  const tokens = createTokens();
  const objects = createObjects(Date.now);
  const { emit, refuse, ...told } = createWitness<Happening>(clock.now, options.onEvent);
  const trouble = (problem: string) => emit({ kind: 'trouble', problem });
  const functions: FunctionsModel = {
    namespaces: new Map(options.model.namespaces.map((each) => [each.id, structuredClone(each)])),
  };
  const keysOfPeople: SpacesKey[] = [];
  const servers: Listener[] = [];
  let opening: Promise<void> | undefined;
  let endPlain: () => void = () => undefined;

  const droplets = createDroplets({ clock, wallClock: Date.now, emit: tell, start: startDroplet });
  const tags = createTagBook(droplets);
  const hands = createHands({ droplets, tags, deployed: () => deployedIn(functions), limit: DROPLET_LIMIT });
  const activations = createActivations({
    faults,
    environment,
    parametersOf: hands.parametersOf,
    emit,
    throttle: createThrottle(clock.now, functionLimits),
  });
  const scheduler = createScheduler(functions, activations, clock);
  const uptime = createUptime({ checks: () => model.uptimeChecks, clock, emit });
  objects.onWrite((_bucket, object) => noticeDecision(object, droplets, ({ id }) => String(id)));

  /** The pool has no size of its own: whoever decides that one goes wants one fewer. */
  function tell(happening: Happening): void {
    emit(happening);
    if (happening.kind !== 'decision' || !happening.scaleIn) return;
    const to = wantedOf(droplets.present());
    emit({ kind: 'desired', from: to + 1, to, by: 'orchestrator', why: happening.cause });
  }

  const front = { tokens, faults, refuse, deny: refuse, onExchange };
  const functionsApi = createFunctionsApi({
    ...front,
    model: functions,
    apiHost: () => endpoint,
    now: Date.now,
  });
  const api = createApi({
    ...front,
    endpoint,
    model: () => model,
    droplets,
    tags,
    dropletLimit: hands.dropletLimit,
    rates: createRates(clock.now, rates),
    functions: functionsApi.answerApi,
  });
  const web = createWeb({ model: functions, activations, asyncAfterMs, refuse });
  const spaces = createSpaces({
    objects,
    region: () => model.place.spacesRegion,
    keys: () => [...model.spacesKeys, ...keysOfPeople],
    faults,
    refuse,
    now: Date.now,
  });

  /** On one address, as each of them has paths of its own. */
  function dispatch(request: RawRequest): HttpReply | undefined | Promise<HttpReply | undefined> {
    const { target } = request;
    if (target.startsWith('/v2/')) return api(request);
    if (target.startsWith(WEB)) return web(request);
    if (target.startsWith('/api/v1/')) return functionsApi.answerHost(request);
    return spaces(request);
  }

  function environment(): Record<string, string> {
    return { DIGITALOCEAN_API_URL: endpoint, SPACES_ENDPOINT_URL: endpoint };
  }

  async function open(): Promise<void> {
    servers.push(await serve(dispatch, trouble, Number(new URL(endpoint).port)));
    clock.begin();
    if (control) {
      const read = (bucket: string, key: string) => objects.get(bucket, key)?.body.toString('utf8');
      const deployed = () => deployedIn(functions);
      endPlain = beginPlainOrchestrator({ clock, droplets, deployed, read });
      return;
    }
    for (const namespace of functions.namespaces.values())
      for (const action of namespace.actions.values()) await activations.warm(namespace, action);
    scheduler.begin();
    uptime.begin();
  }

  function replaceModel(next: OceanModel): void {
    const changes = changesOf(model, next);
    model = next;
    tags.provision(changes.tags);
    objects.provision(changes.buckets, changes.objects);
  }

  replaceModel(options.model);

  async function startDroplet(droplet: Droplet, booted: () => void): Promise<Machine> {
    const metadata = await createMetadataServer(droplet, faults, trouble);
    servers.push(metadata);
    const machine = options.machines.create({
      instanceId: droplet.name,
      init: { kind: 'cloud-config', userData: droplet.spec.userData },
      // No API: a node has nothing to ask of it.
      environment: { SPACES_ENDPOINT_URL: endpoint, EBBTIDE_DROPLET_METADATA: metadata.url },
      privateIp: PRIVATE_IP,
      runsAgent: !control,
    });
    beginBoot(machine, droplet.name, emit, booted);
    return machine;
  }

  return {
    ...hands.does,
    ...createBill(droplets.described, clock.now),
    silenceScheduler: scheduler.silence,
    endpoint,
    environment,
    ...told,
    now: clock.now,
    faults,
    tokens,
    functions,
    model: () => model,
    start() {
      opening ??= open();
      return opening;
    },
    droplets: droplets.all,
    tags: tags.all,
    instances: droplets.described,
    newSpacesKey(wanted) {
      const key = {
        ...wanted,
        accessKey: `DO00${randomBytes(8).toString('hex').toUpperCase()}`,
        secretKey: randomBytes(32).toString('base64url'),
        createdAt: new Date().toISOString(),
      };
      keysOfPeople.push(key);
      return key;
    },
    async provision(next) {
      replaceModel(next);
    },
    ...textOf(objects),
    async close() {
      await opening?.catch(() => undefined);
      scheduler.close();
      uptime.close();
      endPlain();
      await droplets.close();
      await activations.close();
      await Promise.all(servers.map((server) => server.close()));
      clock.stop();
    },
  };
}
