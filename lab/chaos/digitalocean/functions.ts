import { ORCHESTRATOR_LIMIT_MS } from '../../../fleet/digitalocean-function-settings.ts';
import type { HttpRequest, HttpResponse, SendHttp } from '../../../fleet/http.ts';
import { createAction } from '../../../functions/digitalocean/orchestrator/answer-call.ts';
import type { WorldKit } from '../cloud.ts';
import { type AtRequest, createDeaths, isMeantAt, type OnlyAt } from '../deaths.ts';
import { type FunctionLife, startFunctionLife, textReply } from '../function-life.ts';
import type { Destination, Reply } from '../network.ts';
import { type Change, changeOf } from './change.ts';
import { ENVIRONMENT, POOL_TAG, parametersOf, WAKE_SECRET } from './model.ts';
import type { DigitalOceanPlan } from './plan.ts';

/** DigitalOcean Functions, with the orchestrator: each call has a container for itself. */
export interface Functions {
  /** As its trigger calls it. */
  wake(): Promise<Reply>;
  killAt(death: AtRequest<OnlyAt<Change>>): void;
  /** Until then, ms since the epoch. */
  twiceUntil: number;
  refusedUntil: number;
  /** Runs that begin meanwhile are so far off the world's time. */
  skewedUntil: number;
  skewMs: number;
  /** As the node of this name calls it. */
  destinationFor(woken: () => void): Destination;
  /** Nothing that happens now rests on anything that was read before. */
  readSince(): number;
  /** When a run last could not read what a node said: such a node is held to be full. */
  blindAt(): number;
}

export interface FunctionsOptions {
  plan: DigitalOceanPlan;
  kit: Pick<WorldKit, 'clock' | 'random' | 'tell' | 'isOver'>;
  send: SendHttp;
  write(line: string): void;
}

/** What a run has sent arrives a little after it has ended. */
const ON_THE_WAY_MS = 10_000;
/** Whoever calls a web function is let wait no longer. */
const ANSWERED_WITHIN_MS = 30_000;

interface Container {
  life: FunctionLife;
  offsetMs: number;
  isBusy: boolean;
  /** Whether its present run has been shown which droplets there are. */
  hasList: boolean;
}

export function createFunctions({ plan, kit, send, write }: FunctionsOptions): Functions {
  const { clock, random, tell, isOver } = kit;
  const deaths = createDeaths<OnlyAt<Change>>();
  const answering = new Set<{ since: number }>();
  let containers: Container[] = [];
  let blindAt = Number.NEGATIVE_INFINITY;

  function forget(container: Container): void {
    containers = containers.filter((each) => each !== container);
  }

  function dies(container: Container, when: 'before' | 'after', request: HttpRequest): boolean {
    const change = changeOf(request);
    if (when === 'before' && change === 'birth' && !container.hasList)
      tell({ kind: 'wrong', what: 'a droplet was asked for, and nobody had seen which there are' });
    const isDue = deaths.take(when, (only) => isMeantAt(only, change));
    if (isDue)
      tell({
        kind: 'function',
        name: 'orchestrator',
        outcome: `killed ${when} a request: ${change ?? 'a look'}`,
      });
    if (isDue || isOver()) forget(container);
    return isDue || isOver();
  }

  function start(offsetMs: number): Container {
    const life = startFunctionLife({
      clock,
      offsetMs,
      write,
      dies: (when, request) => dies(container, when, request),
      async send(request) {
        let response: HttpResponse | undefined;
        try {
          response = await send(request);
          return response;
        } finally {
          if (isListOfPool(request)) container.hasList = response !== undefined && isList(response);
          if (isStatus(request) && !isObject(response)) blindAt = clock.now();
        }
      },
      ended: textReply(502, '{"error":"There was an error processing your request."}'),
      compose(surroundings) {
        const act = createAction({ ...surroundings, environment: ENVIRONMENT, random });
        return async (said) => {
          const { statusCode, body } = await act({ ...said, ...parametersOf(plan) });
          return textReply(statusCode, JSON.stringify(body));
        };
      },
    });
    const container: Container = { life, offsetMs, isBusy: false, hasList: false };
    containers.push(container);
    return container;
  }

  async function runOne(said: object): Promise<Reply> {
    const offsetMs = clock.now() < functions.skewedUntil ? functions.skewMs : 0;
    const idle = containers.find((each) => !each.isBusy && each.offsetMs === offsetMs);
    const container = idle ?? start(offsetMs);
    container.isBusy = true;
    container.hasList = false;
    const run = { since: clock.now() };
    answering.add(run);
    const letGo = clock.after(ORCHESTRATOR_LIMIT_MS, () => {
      tell({ kind: 'function', name: 'orchestrator', outcome: 'ended: its time is over' });
      forget(container);
      container.life.kill();
    });
    const reply = await container.life.call(said);
    letGo();
    container.isBusy = false;
    clock.after(ON_THE_WAY_MS, () => answering.delete(run));
    return reply;
  }

  async function wake(said: object = {}): Promise<Reply> {
    const first = runOne(said);
    if (clock.now() < functions.twiceUntil) void runOne(said);
    return first;
  }

  const functions: Functions = {
    wake,
    killAt: deaths.arm,
    twiceUntil: 0,
    refusedUntil: 0,
    skewedUntil: 0,
    skewMs: 0,
    readSince: () => Math.min(clock.now(), ...[...answering].map(({ since }) => since)),
    blindAt: () => blindAt,
    destinationFor: (woken) => ({
      way: 'api',
      answer({ headers, body }, fault) {
        if (fault === 'garbage') return textReply(200, '<html>It works!</html>');
        if (fault !== undefined) return textReply(fault === 'throttle' ? 429 : 503, 'not now');
        if (clock.now() < functions.refusedUntil || headers['x-require-whisk-auth'] !== WAKE_SECRET)
          return textReply(401, '{"error":"Authentication is possible but has failed"}');
        const said = JSON.parse(body.toString());
        if (said.announced === undefined) woken();
        return new Promise((resolve) => {
          const letGo = clock.after(ANSWERED_WITHIN_MS, () =>
            resolve(textReply(202, '{"activationId":"twin"}')),
          );
          void wake(said).then((reply) => {
            letGo();
            resolve(reply);
          });
        });
      },
    }),
  };
  return functions;
}

function isListOfPool({ method, url }: HttpRequest): boolean {
  const { pathname, searchParams } = new URL(url);
  return method === 'GET' && pathname === '/v2/droplets' && searchParams.get('tag_name') === POOL_TAG;
}

function isStatus({ method, url }: HttpRequest): boolean {
  return method === 'GET' && new URL(url).pathname.includes('/statuses/');
}

function isObject(response: HttpResponse | undefined): boolean {
  return response?.status === 200 && response.body.toString().endsWith('}');
}

function isList({ status, body }: HttpResponse): boolean {
  if (status !== 200) return false;
  try {
    return Array.isArray(JSON.parse(body.toString()).droplets);
  } catch {
    return false;
  }
}
